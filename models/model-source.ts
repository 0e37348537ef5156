import { basename } from 'node:path';
import type { ModelName } from './entries.ts';
import type { ModelFile } from './manifest.ts';

/** The kept part of a file, from an attempt that was cut short. */
export interface KeptPart {
  /** Bytes of the part. */
  bytes: number;
  /** The version of the file, by the source's name for it; null if the source had none. */
  version: string | null;
}

/** A checksum in lower-case hex. */
export interface StatedSum {
  kind: 'MD5' | 'SHA-256';
  hex: string;
}

/** A file that a source has opened. */
export interface OpenedFile {
  content: AsyncIterable<Uint8Array>;
  /** Offset of `content`: after the kept part, or 0 if the source cannot or must not continue it. */
  start: number;
  /** Bytes of the whole file; null if the source does not tell. */
  total: number | null;
  version: string | null;
  /** The source's own checksum of the whole file; null if it has none. */
  stated: StatedSum | null;
  /** Address of the file, for people. */
  address: string;
}

/** A place that models are fetched from. */
export interface ModelSource {
  /** The source's name, as a person wrote it. */
  name: string;
  /** The address of a file. Equal addresses mean the same file. */
  address(model: ModelName, file: ModelFile): string;
  /**
   * Opens a file. Continues after the kept part if the version is still the same.
   * @throws PermanentError `model_missing` if the source does not have the file or refuses access.
   * @throws RetryableError `model_missing` if a later attempt may succeed.
   */
  open(model: ModelName, file: ModelFile, kept: KeptPart, signal: AbortSignal): Promise<OpenedFile>;
}

/** Paths below a mirror's root at which a file may lie, in the order in which they are tried. */
export function mirrorPaths(model: ModelName, file: ModelFile): string[] {
  const inFolder = `${model}/${file.name}`;
  if (file.name !== `${model}.onnx`) return [inFolder];
  const published = basename(file.url);
  // By its name here, and by its publisher's name.
  return [...new Set([inFolder, file.name, ...(published.endsWith('.onnx') ? [published] : [])])];
}
