import { type FileKind, fileKindOf } from '@spillway/core/file-kind.ts';
import { fileTypeFromBuffer } from 'file-type';

/** What a file is, by its content alone. */
export function kindOf(bytes: Buffer): Promise<FileKind> {
  return fileKindOf({ start: bytes, end: bytes, size: bytes.length }, fileTypeFromBuffer);
}
