import type { Source } from './job.ts';

/** Bytes of a file for each pixel of its picture. */
interface BytesPerPixel {
  /** Medians over the format's usual settings, for pictures as people take and draw them. */
  usual: number;
  /** Of a picture with next to nothing on it, and of noise at the best quality and depth. */
  least: number;
  most: number;
}

/** Bytes that a JPEG usually spends on a pixel. */
export const usualBytesOfJpeg = 0.3;

/**
 * By type. Only an order of magnitude is needed: what the routers learn is learned beside it. The bounds are wide, and
 * all that a sender's word is believed within. JPEG spends 6 bits on the emptiest block of 64 pixels without progression,
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
/** Times what its picture takes that a file may hold: further frames, a film, what cameras note. */
const otherContent = 20;
/** No picture that the input gate lets pass has more. */
const most = 16_384 * 16_384;
const fewest = 64 * 64;

/**
 * How many pixels a picture probably has, before anybody has looked into it: as its sender says, within what its bytes
 * allow, or guessed from these.
 */
export function estimatePixels(source: Pick<Source, 'size' | 'contentType' | 'pixels'>): number {
  const { size, contentType, pixels } = source;
  const bytes = bytesOfType(contentType ?? '');
  const claimed =
    pixels === null
      ? size / bytes.usual
      : between(size / (bytes.most * otherContent), pixels, size / bytes.least);
  return Math.round(between(fewest, claimed, most));
}

/** Types are any text that a sender wrote, with parameters, and in letters of either case. */
function bytesOfType(contentType: string): BytesPerPixel {
  const type = contentType.replace(/;.*$/s, '').trim().toLowerCase();
  return (Object.hasOwn(bytesPerPixel, type) ? bytesPerPixel[type] : null) ?? unknownType;
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
