import type { BlobText } from './ports/blobs.ts';

/** The text of a blob: JSON is for people to read, too. */
export function textOf(blob: BlobText): string {
  return 'text' in blob ? blob.text : `${JSON.stringify(blob.json, null, 2)}\n`;
}
