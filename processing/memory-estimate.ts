import type { PictureType } from '@spillway/core/picture-types.ts';
import type { Decoded } from './checked-image.ts';
import type { Survey } from './containers/survey.ts';

/** The form in which the decoder will return a picture, by its file. */
export function decodedOf(type: PictureType, { channels, whole }: Survey): Decoded {
  // JPEG has no transparency: more than three samples mean CMYK.
  return {
    channels: type !== 'jpeg' && (channels === 4 || channels === 2) ? 4 : 3,
    shrinkable: type === 'jpeg' && !whole,
  };
}

/**
 * The most bytes a pixel that a decoder holds in addition to the samples that it returns. Measured with
 * `npm run test:hostile` on pictures of 25 to 108 megapixels, and rounded up.
 */
export function decoderBytesPerPixel(type: PictureType, survey: Survey): number {
  const { depth, channels, whole } = survey;
  switch (type) {
    case 'jpeg':
      // Coefficients of two bytes for every sample of every component.
      return whole ? 2 * channels + 0.5 : 0.5;
    case 'png':
      // The whole picture at its depth if it is interlaced, and at 8 bits if its colours are converted here.
      return (whole ? (channels * depth) / 8 : 0) + channels + 0.5;
    case 'webp':
      return channels === 4 ? 8 : 4.5;
    case 'gif':
      return 4.5;
    case 'avif':
      return depth > 8 ? 24 : 15;
    case 'heic':
      return depth > 8 ? 24 : 13;
    default:
      return type satisfies never;
  }
}
