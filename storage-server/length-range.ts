import { invalid, StorageError } from './errors.ts';

/** Least and greatest size in bytes that a signed upload allows. */
export interface LengthRange {
  least: number;
  most: number;
}

/** Parses an `x-goog-content-length-range` header. Throws a 400. */
export function parseLengthRange(header: string | string[] | undefined): LengthRange | undefined {
  if (header === undefined) return undefined;
  const [, least, most] = /^(\d+),(\d+)$/.exec(String(header).replaceAll(' ', '')) ?? [];
  if (least === undefined || most === undefined) throw invalid('Invalid x-goog-content-length-range.');
  return { least: Number(least), most: Number(most) };
}

/** Throws a 400 if an upload of `size` bytes is outside what was allowed. */
export function checkLength(range: LengthRange | undefined, size: number): void {
  if (!range) return;
  const refuse = (code: string, what: string) =>
    new StorageError(400, 'invalid', code, `The upload is ${what}.`);
  if (size < range.least) throw refuse('EntityTooSmall', `smaller than ${range.least} bytes`);
  if (size > range.most) throw refuse('EntityTooLarge', `larger than ${range.most} bytes`);
}
