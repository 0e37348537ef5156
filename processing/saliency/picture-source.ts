import type { Sharp } from 'sharp';
import type { CheckedImage } from '../checked-image.ts';
import { decodeUpright, openPicture, samplesOf } from '../decode.ts';
import { freeMemory } from '../free-memory.ts';
import { resizeLanczos } from '../pillow-resize.ts';
import { openRaw, type Samples } from '../samples.ts';

/** A picture in two sizes: small for a net, and full for a cut-out. Both are upright, in 8-bit sRGB. */
export interface PictureSource {
  /**
   * Squashed to a square, ignoring its aspect: 3 channels. Transparency is dropped and not flattened, so that the
   * colours under it count, as with Pillow's `convert('RGB')`.
   */
  squashed(side: number): Promise<Samples>;
  /** 3 channels, or 4 if the picture has transparency. */
  full(): Promise<Samples>;
}

/**
 * libjpeg can decode at 1/2, 1/4 or 1/8 of the size in less time, which is enough for the net. So a JPEG is decoded
 * twice, once small, and a mask never needs its full size. Every other picture is decoded once and kept. So is a
 * progressive JPEG, because all of its coefficients are in memory at any size.
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

/** Shrinks to the square's side if the picture is longer. libvips's Lanczos is close to Pillow's, and fast. */
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

/** Enlarges to the side if the picture is shorter. libvips would use a bicubic window. */
function enlarge(picture: Samples, side: number): Samples {
  return resizeLanczos(picture, side, side);
}

/** Own code, because sharp multiplies colours by alpha before it resizes, even if the alpha is removed later. */
function withoutAlpha({ data, width, height }: Samples): Samples {
  const colours = new Uint8Array(width * height * 3);
  for (let target = 0, source = 0; target < colours.length; target += 3, source += 4) {
    colours[target] = data[source] as number;
    colours[target + 1] = data[source + 1] as number;
    colours[target + 2] = data[source + 2] as number;
  }
  return { data: colours, width, height, channels: 3 };
}
