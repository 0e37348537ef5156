import type { PictureType } from '@spillway/core/picture-types.ts';
import type { Decoded } from './checked-image.ts';
import type { Survey } from './containers/survey.ts';

/** How a picture comes out of its decoder, as far as its file tells. */
export function decodedOf(type: PictureType, { channels, whole }: Survey): Decoded {
  // JPEG has no transparency; what is more than three samples there is CMYK.
  return {
    channels: type !== 'jpeg' && (channels === 4 || channels === 2) ? 4 : 3,
    shrinkable: type === 'jpeg' && !whole,
  };
}

/**
 * Bytes a pixel that a decoder holds beside the samples that it hands over, at most. Measured with
 * `npm run test:hostile` on pictures of 25 to 108 megapixels, rounded up.
 */
export function decoderBytesPerPixel(type: PictureType, survey: Survey): number {
  const { depth, channels, whole } = survey;
  switch (type) {
    case 'jpeg':
      // Coefficients of two bytes for every sample of every component.
      return whole ? 2 * channels + 0.5 : 0.5;
    case 'png':
      // The whole picture, at its depth, where it is interlaced; and of 8 bits where its colours are converted here.
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
