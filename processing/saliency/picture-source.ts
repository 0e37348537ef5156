import type { Sharp } from 'sharp';
import type { CheckedImage } from '../checked-image.ts';
import { decodeUpright, openPicture, samplesOf } from '../decode.ts';
import { freeMemory } from '../free-memory.ts';
import { resizeLanczos } from '../pillow-resize.ts';
import { openRaw, type Samples } from '../samples.ts';

/** A picture that a net looks at small and a cut-out is made of at full size. Both upright, in 8-bit sRGB. */
export interface PictureSource {
  /**
   * Squashed to a square without regard to its aspect: 3 channels, transparency dropped and not flattened, so that
   * the colours under it count, as with Pillow's `convert('RGB')`.
   */
  squashed(side: number): Promise<Samples>;
  /** 3 channels, or 4 where the picture has transparency of its own. */
  full(): Promise<Samples>;
}

/**
 * libjpeg decodes at 1/2, 1/4 or 1/8 of the size for a part of the time, and the net needs no more. So a JPEG is
 * decoded twice, once small, and a mask never needs its full size. Every other picture is decoded once and kept, and so
 * is a progressive JPEG, whose coefficients are all in memory at once whatever the size.
 */
export async function openSource(image: CheckedImage): Promise<PictureSource> {
  if (image.shrinkable) {
    return {
      squashed: async (side) => enlarge(await shrink(await openPicture(image), image, side), side),
      full: async () => await decodeUpright(image),
    };
  }
  const decoded = await decodeUpright(image);
  return {
    squashed: async (side) => enlarge(await shrinkDecoded(decoded, image, side), side),
    full: async () => decoded,
  };
}

/** Shrinks to the square's side where the picture is longer. libvips's Lanczos is near to Pillow's, and fast. */
async function shrink(picture: Sharp, { width, height }: { width: number; height: number }, side: number) {
  return await samplesOf(
    picture
      .autoOrient()
      .resize(Math.min(width, side), Math.min(height, side), { fit: 'fill', kernel: 'lanczos3' })
      .removeAlpha(),
  );
}

async function shrinkDecoded(decoded: Samples, image: CheckedImage, side: number): Promise<Samples> {
  if (decoded.channels === 3) return await shrink(openRaw(decoded), image, side);
  const opaque = withoutAlpha(decoded);
  const small = await shrink(openRaw(opaque), image, side);
  freeMemory(opaque.data);
  return small;
}

/** Where the picture is shorter than the side: libvips would use a bicubic window. */
function enlarge(picture: Samples, side: number): Samples {
  return resizeLanczos(picture, side, side);
}

/** By hand, because sharp multiplies colours by their alpha before it resizes, even if the alpha is removed after. */
function withoutAlpha({ data, width, height }: Samples): Samples {
  const colours = new Uint8Array(width * height * 3);
  for (let target = 0, source = 0; target < colours.length; target += 3, source += 4) {
    colours[target] = data[source] as number;
    colours[target + 1] = data[source + 1] as number;
    colours[target + 2] = data[source + 2] as number;
  }
  return { data: colours, width, height, channels: 3 };
}
