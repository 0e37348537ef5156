import { invalid } from './errors.ts';

/** What a PUT to an upload session says it carries. `total` is undefined while the uploader does not know it. */
export type ContentRange =
  | { kind: 'query'; total: number | undefined }
  | { kind: 'bytes'; first: number; last: number | undefined; total: number | undefined };

/**
 * Parses the header in all the shapes that clients send: a status query, a chunk, a stream without known end
 * (`bytes 0-*` of the Node client) and its empty last chunk (`bytes 0--1/0`). Absent means the whole object.
 * Throws a 400.
 */
export function parseContentRange(
  header: string | undefined,
  contentLength: string | undefined,
): ContentRange {
  if (header === undefined) {
    const total = contentLength === undefined ? undefined : Number(contentLength);
    return { kind: 'bytes', first: 0, last: undefined, total };
  }
  const [, queried, first, last, sized] =
    /^bytes (?:\*\/(\d+|\*)|(\d+)-(-?\d+|\*)\/(\d+|\*))$/.exec(header.trim()) ?? [];
  if (queried !== undefined) return { kind: 'query', total: numberOrUnknown(queried) };
  if (first === undefined || last === undefined || sized === undefined) {
    throw invalid(`Failed to parse Content-Range header: '${header}'`);
  }
  const range = { first: Number(first), last: numberOrUnknown(last), total: numberOrUnknown(sized) };
  if (range.last !== undefined && (range.last < range.first - 1 || range.last >= (range.total ?? Infinity))) {
    throw invalid(`The Content-Range '${header}' contradicts itself.`);
  }
  return { kind: 'bytes', ...range };
}

const numberOrUnknown = (text: string): number | undefined => (text === '*' ? undefined : Number(text));
