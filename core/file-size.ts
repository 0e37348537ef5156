import type { FailureCode } from './errors.ts';

/** Bytes of the largest file that is worked on: the site, the routing function and the workers have one limit. */
export const largestFile = 64 * 1_024 * 1_024;

/**
 * Why a file of that size cannot be worked on, or null. Asked wherever a size is known: before an upload, from the
 * event, before a download, and of the file itself.
 * @param bytes Of the file, or of the object as it is stored.
 */
export function sizeRefusal(
  bytes: number,
  most = largestFile,
): { code: FailureCode; message: string } | null {
  if (bytes === 0) return { code: 'empty_file', message: 'The file is empty.' };
  if (bytes <= most) return null;
  const message = `The file has ${mebibytes(bytes)} MiB; the limit is ${mebibytes(most)} MiB.`;
  return { code: 'file_too_large', message };
}

/** Rounded up, so that what is over a limit never reads as if it met it. */
function mebibytes(bytes: number): string {
  return (Math.ceil((bytes / 2 ** 20) * 10) / 10).toFixed(1);
}
