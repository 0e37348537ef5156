import type { FailureCode } from './errors.ts';

/** Most pixels of a picture's longer side. */
export const largestSide = 16_384;
/** Longer side divided by the shorter one, at most. */
export const largestAspect = 50;
/** Most pixels of a picture. Those of telephones have at most 108 megapixels, except for some with 200. */
export const mostPicturePixels = 108_000_000;

export interface DimensionLimits {
  maxSide: number;
  maxAspect: number;
  maxPixels: number;
}

const defaultLimits: DimensionLimits = {
  maxSide: largestSide,
  maxAspect: largestAspect,
  maxPixels: mostPicturePixels,
};

/** Why a picture of that size is refused, or null. */
export function dimensionRefusal(
  { width, height }: { width: number; height: number },
  limits = defaultLimits,
): { code: FailureCode; message: string } | null {
  const longer = Math.max(width, height);
  const shorter = Math.min(width, height);
  const measured = `The picture has ${width} x ${height} pixels`;
  if (longer > limits.maxSide) {
    return { code: 'image_too_large', message: `${measured}; no side may exceed ${limits.maxSide}.` };
  }
  if (longer > limits.maxAspect * shorter) {
    const message = `${measured}; the longer side may be at most ${limits.maxAspect} times the shorter.`;
    return { code: 'aspect_too_extreme', message };
  }
  if (width * height > limits.maxPixels) {
    const most = Math.floor(limits.maxPixels / 1e6);
    return { code: 'image_too_large', message: `${measured}; the limit is ${most} megapixels.` };
  }
  return null;
}
