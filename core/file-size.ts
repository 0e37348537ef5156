import type { FailureCode } from './errors.ts';

/** Bytes of the largest file that is accepted. The site, the routing function and the workers share this limit. */
export const largestFile = 64 * 1_024 * 1_024;

/**
 * Why a file of that size is refused, or null. It is called wherever a size becomes known: before an upload, at the
 * event, before a download, and for the file itself.
 * @param bytes Size of the file, or of the object as it is stored.
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

/** Rounded up, so that a size over a limit never looks like the limit itself. */
function mebibytes(bytes: number): string {
  return (Math.ceil((bytes / 2 ** 20) * 10) / 10).toFixed(1);
}
