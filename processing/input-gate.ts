import { stat } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import { sizeRefusal } from '@spillway/core/file-size.ts';
import { fileTypeFromFile } from 'file-type';
import type { Metadata } from 'sharp';
import { decodeFailure, openImage } from './decode.ts';
import { readHeicHeader } from './heic.ts';
import { readHeifCoding } from './heic-coding.ts';
import type { InputLimits } from './input-limits.ts';

export type AcceptedType = 'jpeg' | 'png' | 'webp' | 'avif' | 'heic' | 'gif';

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

interface Size {
  width: number;
  height: number;
}

interface Measured extends Size {
  /** Frames, or pictures in one file. */
  pages?: number | undefined;
}

/** By what the content is, never by the file's name or declared type. */
const acceptedTypes: Record<string, AcceptedType> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/apng': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/heic': 'heic',
  'image/heif': 'heic',
  'image/heic-sequence': 'heic',
  'image/heif-sequence': 'heic',
  'image/gif': 'gif',
};

/**
 * Checks a file before it is decoded: size, content type on the allow-list, sides, aspect, pixels and pages.
 * Only headers are read.
 * @throws PermanentError `empty_file`, `file_too_large`, `unsupported_type`, `corrupt_image`, `image_too_large`
 * or `aspect_too_extreme`, with a message for the person who sent it.
 */
export async function checkInput(path: string, limits: InputLimits): Promise<CheckedImage> {
  await checkSize(path, limits);
  const type = await sniffType(path);
  const { width, height } =
    type === 'heic' ? await checkHeic(path, limits) : await checkOther(path, type, limits);
  return { path, type, width, height, maxPixels: limits.maxPixels };
}

async function checkSize(path: string, limits: InputLimits): Promise<void> {
  const { size } = await stat(path);
  const refusal = sizeRefusal(size, limits.maxBytes);
  if (refusal) throw new PermanentError(refusal.code, refusal.message);
}

async function sniffType(path: string): Promise<AcceptedType> {
  const sniffed = await fileTypeFromFile(path);
  const type = sniffed && acceptedTypes[sniffed.mime];
  if (!type) throw new PermanentError('unsupported_type');
  return type === 'avif' || type === 'heic' ? await typeOfHeif(path, type) : type;
}

/** AVIF and HEIC share a container, and one may be labelled as the other. */
async function typeOfHeif(path: string, label: AcceptedType): Promise<AcceptedType> {
  switch (await readHeifCoding(path)) {
    case 'hevc':
      return 'heic';
    case 'av1':
      return 'avif';
    default:
      return label;
  }
}

async function checkHeic(path: string, limits: InputLimits): Promise<Size> {
  const { width, height, storedWidth, storedHeight, pictures } = await readHeicHeader(path);
  checkDimensions({ width: storedWidth, height: storedHeight, pages: pictures }, limits);
  // Cropping may leave a sliver of an ordinary picture.
  checkDimensions({ width, height }, limits);
  return { width, height };
}

async function checkOther(path: string, type: AcceptedType, limits: InputLimits): Promise<Size> {
  const metadata = await readHeader(path);
  const format: string = metadata.format === 'heif' ? 'avif' : metadata.format;
  if (format !== type) throw new PermanentError('unsupported_type');
  checkDimensions(metadata, limits);
  return metadata.autoOrient;
}

async function readHeader(path: string): Promise<Metadata> {
  try {
    // sharp would call a picture over its limit unreadable; checkDimensions tells what is wrong with it.
    return await openImage(path, false).metadata();
  } catch (error) {
    throw decodeFailure(error);
  }
}

function checkDimensions({ width, height, pages = 1 }: Measured, limits: InputLimits): void {
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
