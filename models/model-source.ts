import { basename } from 'node:path';
import type { ModelName } from './entries.ts';
import type { ModelFile } from './manifest.ts';

/** What is kept of a file from an attempt that was cut short. */
export interface KeptPart {
  /** Bytes that are there. */
  bytes: number;
  /** The version that they are of, as the source called it; null where it did not say. */
  version: string | null;
}

/** A checksum in lower-case hex. */
export interface StatedSum {
  kind: 'MD5' | 'SHA-256';
  hex: string;
}

/** A file that a source has begun to hand out. */
export interface OpenedFile {
  content: AsyncIterable<Uint8Array>;
  /** Where `content` begins: after the kept part, or at 0 where the source cannot or must not continue it. */
  start: number;
  /** Bytes of the whole file; null where the source does not say. */
  total: number | null;
  version: string | null;
  /** What the source itself says of the whole file's content; null where it says nothing. */
  stated: StatedSum | null;
  /** Where the file is, for people. */
  address: string;
}

/** A place that models are fetched from. */
export interface ModelSource {
  /** As a person named it. */
  name: string;
  /** Two addresses that are equal promise the same file. */
  address(model: ModelName, file: ModelFile): string;
  /**
   * Opens a file, after what is kept of it if it is still the same version.
   * @throws PermanentError `model_missing` where the source does not have it or does not let us in, RetryableError
   * `model_missing` for what may pass.
   */
  open(model: ModelName, file: ModelFile, kept: KeptPart, signal: AbortSignal): Promise<OpenedFile>;
}

/** Paths below a mirror's root at which a file may lie, in the order in which they are tried. */
export function mirrorPaths(model: ModelName, file: ModelFile): string[] {
  const inFolder = `${model}/${file.name}`;
  if (file.name !== `${model}.onnx`) return [inFolder];
  const published = basename(file.url);
  // As it is called here, and as its publisher calls it.
  return [...new Set([inFolder, file.name, ...(published.endsWith('.onnx') ? [published] : [])])];
}
