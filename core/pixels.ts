import type { Source } from './job.ts';

/** Bytes of a file per pixel of its picture. */
interface BytesPerPixel {
  /** Median over the format's usual settings, for photographs and drawings. */
  usual: number;
  /** Bounds: an almost empty picture, and noise at the best quality and depth. */
  least: number;
  most: number;
}

/** Usual bytes per pixel of a JPEG. */
export const usualBytesOfJpeg = 0.3;

/**
 * By type. An order of magnitude is enough, because routers learn the rest. The bounds are wide. A sender's figure counts
 * only within them. JPEG spends 6 bits on the emptiest block of 64 pixels without progression,
 * and about 2 with it; deflate shrinks by 1,032 at most, and no filter makes a picture of more than one colour so small.
 */
const bytesPerPixel: Record<string, BytesPerPixel> = {
  'image/jpeg': { usual: usualBytesOfJpeg, least: 0.004, most: 6 },
  'image/png': { usual: 1.5, least: 0.001, most: 8 },
  'image/webp': { usual: 0.15, least: 0.001, most: 4 },
  'image/avif': { usual: 0.1, least: 0.001, most: 6 },
  'image/heic': { usual: 0.13, least: 0.001, most: 6 },
  'image/heif': { usual: 0.13, least: 0.001, most: 6 },
  'image/gif': { usual: 0.6, least: 0.001, most: 2 },
};
const unknownType: BytesPerPixel = { usual: 0.3, least: 0.001, most: 8 };
/** A file may be this many times larger than its picture: more frames, a film, a camera's notes. */
const otherContent = 20;
/** The input gate accepts no picture with more pixels. */
export const mostPixels = 16_384 * 16_384;
const fewest = 64 * 64;

/**
 * Estimates a picture's pixels before it is opened. The sender's figure counts within what the bytes allow; without
 * one, the bytes and the type give a guess.
 */
export function estimatePixels(source: Pick<Source, 'size' | 'contentType' | 'pixels'>): number {
  const { size, contentType, pixels } = source;
  const bytes = bytesOfType(contentType ?? '');
  const claimed =
    pixels === null
      ? size / bytes.usual
      : between(size / (bytes.most * otherContent), pixels, size / bytes.least);
  return Math.round(between(fewest, claimed, mostPixels));
}

/** The bare type in lower case. A sender may write any text, with parameters and in either case. */
function bytesOfType(contentType: string): BytesPerPixel {
  const type = contentType.replace(/;.*$/s, '').trim().toLowerCase();
  return (Object.hasOwn(bytesPerPixel, type) ? bytesPerPixel[type] : null) ?? unknownType;
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
