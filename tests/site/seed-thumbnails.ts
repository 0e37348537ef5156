import { thumbnailWidths } from '@spillway/core/job.ts';
import { packPictures } from '@spillway/core/packed-pictures.ts';
import sharp from 'sharp';

/** The object of thumbnails that a worker would have made of a picture and its result. */
export type SeededThumbnails = ReturnType<typeof packPictures>;

/** @param result Null for a result that is no picture. */
export async function seededThumbnails(source: Buffer, result: Buffer | null): Promise<SeededThumbnails> {
  const pictures = [
    ...(result ? [{ of: 'result' as const, picture: result }] : []),
    { of: 'source' as const, picture: source },
  ];
  const thumbnails = await Promise.all(
    pictures.flatMap(({ of, picture }) =>
      thumbnailWidths.map(async (wanted) => {
        const { data, info } = await sharp(picture)
          .resize({ width: wanted, withoutEnlargement: true })
          .webp({ quality: 75, effort: 2 })
          .toBuffer({ resolveWithObject: true });
        return { of, width: info.width, height: info.height, bytes: new Uint8Array(data) };
      }),
    ),
  );
  return packPictures({ thumbnails, mask: null });
}
