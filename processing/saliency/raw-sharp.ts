import sharp, { type Sharp } from 'sharp';
import type { Samples } from './lanczos.ts';

/** Samples in memory as a sharp image. Grey ones stay grey: sharp would make three equal channels of one. */
export function openRaw({ data, width, height, channels }: Samples): Sharp {
  const raw = { width, height, channels: channels as 1 | 3 | 4 };
  const picture = sharp(data, { raw, limitInputPixels: false });
  return channels === 1 ? picture.toColourspace('b-w') : picture;
}
