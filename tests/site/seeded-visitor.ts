import type { BrowserContext } from 'playwright-core';
import sharp from 'sharp';
import { drawnJobs, type SeededJob, type SeededPictures, seedJobs } from './seed-jobs.ts';
import { seededThumbnails } from './seed-thumbnails.ts';
import type { SeededSite } from './seeded-site.ts';

const operations = ['sketch', 'remove-background', 'caption'] as const;

export interface SeededBatch {
  pictures: number;
  /** How a result ends; all succeed where it is left out. `place` is that of its picture, from 0. */
  end?: (place: number, operation: SeededJob['operation']) => SeededJob['end'];
  /** When it was dropped. Milliseconds since 1970. */
  at?: number;
}

/** The owner id of a browser that has visited the site. */
export async function ownerOf(context: BrowserContext, site: SeededSite): Promise<string> {
  const page = await context.newPage();
  await Promise.all([page.waitForResponse('**/api/v1/jobs'), page.goto(site.url)]);
  await page.close();
  const cookies = await context.cookies();
  return cookies.find(({ name }) => name === 'spillway_session')?.value.split('.')[0] ?? '';
}

/** Writes batches of this owner, with three results a picture, which is called `holiday-<number>.jpg`. */
export async function seedBatches(
  site: SeededSite,
  owner: string,
  batches: readonly SeededBatch[],
  photo: Buffer,
): Promise<void> {
  const pictures = await seededPictures(photo);
  for (const [number, batch] of batches.entries()) {
    await seedJobs(site, jobsOf(owner, `batch-${number}`, batch), pictures);
  }
}

function jobsOf(
  owner: string,
  batch: string,
  { pictures, end = () => 'succeeded', at = Date.now() - 60_000 }: SeededBatch,
): SeededJob[] {
  return drawnJobs(pictures * operations.length, 1, at).map((job, place): SeededJob => {
    const batchIndex = Math.floor(place / operations.length);
    const operation = operations[place % operations.length] ?? 'sketch';
    return {
      ...job,
      owner,
      operation,
      end: end(batchIndex, operation),
      fileName: `holiday-${batchIndex + 1}.jpg`,
      at: at + place,
      batch,
      batchIndex,
      batchSize: pictures,
      upload: `${batch}-upload-${batchIndex}`,
    };
  });
}

async function seededPictures(photo: Buffer): Promise<SeededPictures> {
  const sketch = await sharp(photo).greyscale().png().toBuffer();
  const cutOut = await sharp(photo).ensureAlpha(0.9).png().toBuffer();
  return {
    source: photo,
    results: { sketch, 'remove-background': cutOut, caption: Buffer.from('{"caption":"a seeded picture"}') },
    thumbnails: {
      sketch: await seededThumbnails(photo, sketch),
      'remove-background': await seededThumbnails(photo, cutOut),
      caption: await seededThumbnails(photo, null),
    },
  };
}
