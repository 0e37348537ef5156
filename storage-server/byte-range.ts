import { StorageError } from './errors.ts';

/** First and last byte, both included. */
interface ByteRange {
  start: number;
  end: number;
}

/**
 * Parses a `Range` header for an object of `size` bytes. Undefined means the whole object: there is no header, or one
 * with several ranges or another unit, which Cloud Storage ignores. Throws a 416 if the range contains no byte.
 */
export function parseByteRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.replaceAll(' ', '') ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const range =
    from === ''
      ? { start: Math.max(size - Number(to), 0), end: size - 1 }
      : { start: Number(from), end: Math.min(to === '' ? size - 1 : Number(to), size - 1) };
  if (to !== '' && from !== '' && Number(to) < Number(from)) return undefined;
  if (range.start > range.end) {
    throw new StorageError(
      416,
      'requestedRangeNotSatisfiable',
      'InvalidRange',
      'The requested range cannot be satisfied.',
    );
  }
  return range;
}
