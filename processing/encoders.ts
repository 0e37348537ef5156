import type { PictureExtension } from '@spillway/core/picture-types.ts';

interface Encoder {
  label: string;
  /** Most pixels a side. */
  maxSide: number;
  /** Most pixels, by the memory that the encoder takes beside the picture. */
  maxPixels: number;
  alpha: boolean;
}

/** The limits of each encoder. All of them get 8 bits a sample. */
export const encoders: Record<PictureExtension, Encoder> = {
  /** ISO/IEC 15948, 11.2.2. */
  png: { label: 'PNG', maxSide: 2 ** 31 - 1, maxPixels: Number.POSITIVE_INFINITY, alpha: true },
  /** ITU-T T.81, B.2.2: sizes have 16 bits; libjpeg stops 35 before (JPEG_MAX_DIMENSION). */
  jpg: { label: 'JPEG', maxSide: 65_500, maxPixels: Number.POSITIVE_INFINITY, alpha: false },
  /** libwebp's WEBP_MAX_DIMENSION: 14 bits. */
  webp: { label: 'WebP', maxSide: 16_383, maxPixels: 50_000_000, alpha: true },
};

export interface ResultPicture {
  width: number;
  height: number;
  /** The result is transparent in places. */
  alpha: boolean;
}

export interface ChosenFormat<Extension extends PictureExtension> {
  extension: Extension | 'png';
  notes: string[];
}

/**
 * The format of a result: the requested one if its encoder can hold the result. Otherwise it is PNG, which can hold
 * every picture that passes the gate, with a note about it. The rule is the same for every operation.
 */
export function chooseFormat<Extension extends PictureExtension>(
  wanted: Extension,
  picture: ResultPicture,
): ChosenFormat<Extension> {
  const problem = problemOf(encoders[wanted], picture);
  if (problem === null) return { extension: wanted, notes: [] };
  return { extension: 'png', notes: [`Made as PNG: ${problem}.`] };
}

function problemOf({ label, maxSide, maxPixels, alpha }: Encoder, picture: ResultPicture): string | null {
  const { width, height } = picture;
  if (Math.max(width, height) > maxSide) {
    return `${label} holds at most ${maxSide.toLocaleString('en')} pixels a side`;
  }
  if (width * height > maxPixels) {
    return `as ${label} no more than ${Math.floor(maxPixels / 1e6)} megapixels are made`;
  }
  if (picture.alpha && !alpha) return `${label} has no transparency`;
  return null;
}
