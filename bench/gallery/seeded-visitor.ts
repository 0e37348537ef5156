import { drawnJobs, type SeededJob, type SeededPictures, seedJobs } from '@spillway/tests/site/seed-jobs.ts';
import { seededThumbnails } from '@spillway/tests/site/seed-thumbnails.ts';
import { type SeededSite, startSeededSite } from '@spillway/tests/site/seeded-site.ts';
import type { Browser, BrowserContext } from 'playwright-core';
import sharp from 'sharp';

const operations = ['sketch', 'remove-background', 'caption'] as const;

/** A visitor's browser, and a site where a batch of theirs has been done. */
export interface SeededVisitor {
  site: SeededSite;
  context: BrowserContext;
}

/** Calls `measure` with a visitor who has one batch of so many pictures, each with three results. */
export async function withSeededVisitor<Value>(
  browser: Browser,
  photo: Buffer,
  pictures: number,
  measure: (visitor: SeededVisitor) => Promise<Value>,
): Promise<Value> {
  const site = await startSeededSite();
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(site.url);
    await page.waitForResponse('**/api/v1/jobs');
    const cookies = await context.cookies();
    const owner = cookies.find(({ name }) => name === 'spillway_session')?.value.split('.')[0] ?? '';
    await page.close();
    await seedJobs(site, batchOf(owner, pictures), await seededPictures(photo));
    return await measure({ site, context });
  } finally {
    await context.close();
    await site.close();
  }
}

function batchOf(owner: string, pictures: number): SeededJob[] {
  const now = Date.now();
  return drawnJobs(pictures * operations.length, 1, now).map((job, place): SeededJob => {
    const batchIndex = Math.floor(place / operations.length);
    return {
      ...job,
      owner,
      operation: operations[place % operations.length] ?? 'sketch',
      end: 'succeeded',
      fileName: `holiday-${batchIndex + 1}.jpg`,
      at: now - 60_000 + place,
      batch: 'a-batch',
      batchIndex,
      batchSize: pictures,
      upload: `upload-${batchIndex}`,
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
