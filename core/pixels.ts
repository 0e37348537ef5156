import type { Source } from './job.ts';

/**
 * Bytes that a pixel takes in a file of each type, for pictures as people take and draw them: medians over the
 * format's usual settings. Only an order of magnitude is needed: what the routers learn is learned beside it.
 */
const bytesPerPixel: Record<string, number> = {
  'image/jpeg': 0.3,
  'image/png': 1.5,
  'image/webp': 0.15,
  'image/avif': 0.1,
  'image/heic': 0.13,
  'image/heif': 0.13,
  'image/gif': 0.6,
};
const unknownType = 0.3;
/** No picture that the input gate lets pass has more. */
const most = 16_384 * 16_384;
const fewest = 64 * 64;

/** How many pixels a picture probably has, before anybody has looked into it. */
export function estimatePixels(source: Pick<Source, 'size' | 'contentType' | 'pixels'>): number {
  const { size, contentType } = source;
  const pixels = source.pixels ?? size / (bytesPerPixel[contentType ?? ''] ?? unknownType);
  return Math.round(Math.min(most, Math.max(fewest, pixels)));
}
