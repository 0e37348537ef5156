import { stat } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import { fileTypeFromFile } from 'file-type';
import type { Metadata } from 'sharp';
import { decodeFailure, openImage } from './decode.ts';
import type { InputLimits } from './input-limits.ts';

export type AcceptedType = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif';

/** A file that passed the gate. */
export interface CheckedImage {
  path: string;
  type: AcceptedType;
  /** Pixels of the first frame as a person sees it, EXIF orientation applied. */
  width: number;
  height: number;
  /** The limit it was checked against; the decoder is told the same. */
  maxPixels: number;
}

/** By what the content is, never by the file's name or declared type. */
const acceptedTypes: Record<string, AcceptedType> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/apng': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/gif': 'gif',
};
const heicTypes = new Set(['image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence']);

/**
 * Checks a file before it is decoded: size, content type on the allow-list, sides, aspect, pixels and pages.
 * Only headers are read.
 * @throws PermanentError `empty_file`, `file_too_large`, `unsupported_type`, `corrupt_image`, `image_too_large`
 * or `aspect_too_extreme`, with a message for the person who sent it.
 */
export async function checkInput(path: string, limits: InputLimits): Promise<CheckedImage> {
  await checkSize(path, limits);
  const type = await sniffType(path);
  const metadata = await readHeader(path);
  checkFormat(metadata, type);
  checkDimensions(metadata, limits);
  const { width, height } = metadata.autoOrient;
  return { path, type, width, height, maxPixels: limits.maxPixels };
}

async function checkSize(path: string, limits: InputLimits): Promise<void> {
  const { size } = await stat(path);
  if (size === 0) throw new PermanentError('empty_file');
  if (size > limits.maxBytes) {
    throw new PermanentError(
      'file_too_large',
      `The file has ${megabytes(size)} MiB; the limit is ${megabytes(limits.maxBytes)} MiB.`,
    );
  }
}

async function sniffType(path: string): Promise<AcceptedType> {
  const sniffed = await fileTypeFromFile(path);
  if (sniffed && heicTypes.has(sniffed.mime)) throw heicRefusal();
  const type = sniffed && acceptedTypes[sniffed.mime];
  if (!type) throw new PermanentError('unsupported_type');
  return type;
}

async function readHeader(path: string): Promise<Metadata> {
  try {
    // sharp would call a picture over its limit unreadable; checkDimensions tells what is wrong with it.
    return await openImage(path, false).metadata();
  } catch (error) {
    throw decodeFailure(error);
  }
}

/** A container may be labelled AVIF and hold something else. */
function checkFormat(metadata: Metadata, type: AcceptedType): void {
  if (metadata.format === 'heif' && metadata.compression !== 'av1') throw heicRefusal();
  const format: string = metadata.format === 'heif' ? 'avif' : metadata.format;
  if (format !== type) throw new PermanentError('unsupported_type');
}

function checkDimensions(metadata: Metadata, limits: InputLimits): void {
  const { width, height, pages = 1 } = metadata;
  const longer = Math.max(width, height);
  const shorter = Math.min(width, height);
  const measured = `The picture has ${width} x ${height} pixels`;
  if (longer > limits.maxSide) {
    throw new PermanentError('image_too_large', `${measured}; no side may exceed ${limits.maxSide}.`);
  }
  if (longer > limits.maxAspect * shorter) {
    throw new PermanentError(
      'aspect_too_extreme',
      `${measured}; the longer side may be at most ${limits.maxAspect} times the shorter.`,
    );
  }
  if (width * height > limits.maxPixels) {
    const limit = (limits.maxPixels / 1e6).toFixed(0);
    throw new PermanentError('image_too_large', `${measured}; the limit is ${limit} megapixels.`);
  }
  if (pages > limits.maxPages) {
    throw new PermanentError(
      'image_too_large',
      `The picture has ${pages} frames; the limit is ${limits.maxPages}.`,
    );
  }
}

function heicRefusal(): PermanentError {
  return new PermanentError(
    'unsupported_type',
    'HEIC pictures are not decoded yet. Export the picture as a JPEG and send that.',
  );
}

function megabytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(1);
}
