import { writeFileSync } from 'node:fs';
import { type PictureOfJob, thumbnailWidths } from '@spillway/core/job.ts';
import { type PackedIndex, type PicturesToPack, packPictures } from '@spillway/core/packed-pictures.ts';
import { resultContentTypes } from '@spillway/core/picture-types.ts';
import type { Sharp } from 'sharp';
import type { CheckedImage } from './checked-image.ts';
import { openImage, openPicture, samplesOf } from './decode.ts';
import type { OperationOutput } from './operation.ts';
import { openRaw, type Samples } from './samples.ts';

/** Where the thumbnails of a job are, all in one file, and where in it each of them is. */
export type PackedThumbnails = PackedIndex & { path: string };

const largest = Math.max(...thumbnailWidths);
/** A picture that is higher than this many times its width is made narrower. */
const mostHeights = 4;
/** For lossy WebP at the size of a card. */
const quality = 75;
/** Of 0..6. The next one takes twice as long for 3 per cent. */
const effort = 2;
/** Of 0..6, without loss: a fifth of the time of the next one. */
const maskEffort = 0;
/**
 * Makes the thumbnails of a picture and of its result, and packs them into one file. The source is decoded once more, at
 * a fraction of its size where its decoder can; the result is read from its file, unless the operation can draw it small.
 */
export async function makeThumbnails(
  image: CheckedImage,
  output: OperationOutput,
  resultPath: string,
  path: string,
): Promise<PackedThumbnails> {
  const source = smallSource(image);
  const result = smallResult(output, source, resultPath);
  // All at once, on sharp's threads: none of them takes much memory.
  const [ofResult, ofSource, mask] = await allEnded([
    thumbnailsOf('result', result),
    thumbnailsOf('source', source),
    packedMask(output.small?.mask ?? null),
  ]);
  const pictures: PicturesToPack = { thumbnails: [...ofResult, ...ofSource], mask };
  const { bytes, index } = packPictures(pictures);
  writeFileSync(path, bytes);
  return { path, ...index };
}

/** All values, once everything has ended: what goes on after a failure would meet the next picture. */
async function allEnded<const Values extends readonly unknown[]>(
  values: Values,
): Promise<{ -readonly [Index in keyof Values]: Awaited<Values[Index]> }> {
  await Promise.allSettled(values);
  return await Promise.all(values);
}

async function smallSource(image: CheckedImage): Promise<Samples> {
  return await shrunk((await openPicture(image)).autoOrient());
}

/** Null for a result that is no picture. */
async function smallResult(
  { extension, small }: OperationOutput,
  source: Promise<Samples>,
  path: string,
): Promise<Samples | null> {
  if (small) return await small.draw(await source);
  return resultContentTypes[extension].startsWith('image/') ? await shrunk(openImage(path, false)) : null;
}

/** At most as wide as the largest thumbnail. */
async function shrunk(picture: Sharp): Promise<Samples> {
  return await samplesOf(
    picture.resize(largest, largest * mostHeights, { fit: 'inside', withoutEnlargement: true }),
  );
}

async function thumbnailsOf(
  of: PictureOfJob,
  small: Promise<Samples | null>,
): Promise<PicturesToPack['thumbnails']> {
  const picture = await small;
  if (!picture) return [];
  const widths = new Set(thumbnailWidths.map((width) => Math.min(width, picture.width)));
  return await allEnded([...widths].map((width) => thumbnailOf(of, picture, width)));
}

async function thumbnailOf(of: PictureOfJob, picture: Samples, width: number) {
  const { data, info } = await openRaw(picture)
    .resize(width)
    .webp({ quality, effort })
    .toBuffer({ resolveWithObject: true });
  return { of, width: info.width, height: info.height, bytes: data };
}

async function packedMask(mask: Samples | null): Promise<PicturesToPack['mask']> {
  if (!mask) return null;
  const bytes = await openRaw(mask).webp({ lossless: true, effort: maskEffort }).toBuffer();
  return { width: mask.width, height: mask.height, bytes };
}
