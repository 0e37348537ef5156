import type { ByteRange } from '@spillway/pipeline/ports/blobs.ts';

/** What a request wants of a file: all of it, one range of its bytes, or a range that the file does not have. */
export type WantedBytes = { kind: 'all' } | { kind: 'part'; range: ByteRange } | { kind: 'unsatisfiable' };

/**
 * Reads the headers `Range` and `If-Range` for a file of `size` bytes. Several ranges, other units and a file that has
 * changed since are answered with all of it.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-range
 */
export function wantedBytes(
  headers: { range: string | undefined; ifRange: string | undefined },
  { size, etag }: { size: number; etag: string },
): WantedBytes {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return { kind: 'all' };
  if (headers.ifRange !== undefined && headers.ifRange !== etag) return { kind: 'all' };
  const end = size - 1;
  if (first === '') {
    // The last bytes of the file, as many as are named.
    if (Number(last) === 0 || size === 0) return { kind: 'unsatisfiable' };
    return { kind: 'part', range: { first: Math.max(0, size - Number(last)), last: end } };
  }
  if (last !== '' && Number(last) < Number(first)) return { kind: 'all' };
  if (Number(first) > end) return { kind: 'unsatisfiable' };
  return {
    kind: 'part',
    range: { first: Number(first), last: last === '' ? end : Math.min(Number(last), end) },
  };
}
