import type { Sharp } from 'sharp';
import { openRaw, type Samples } from './samples.ts';

/** Pixels of a kept mask's longer side. */
const largestMask = 1_024;

/** A mask as it is kept: libvips's way to shrink, and not larger than it is. */
export async function shrinkMask(mask: Samples): Promise<Samples> {
  if (Math.max(mask.width, mask.height) <= largestMask) return { ...mask, data: mask.data.slice() };
  return await greyOf(openRaw(mask).resize(largestMask, largestMask, { fit: 'inside' }));
}

/** A mask stretched to the size of a small picture. */
export async function fitMask(mask: Samples, { width, height }: Samples): Promise<Samples> {
  if (mask.width === width && mask.height === height) return mask;
  return await greyOf(openRaw(mask).resize(width, height, { fit: 'fill' }));
}

async function greyOf(picture: Sharp): Promise<Samples> {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}
