import type { Browser } from './browser-figures.ts';
import { withSeededBatch } from './with-seeded-batch.ts';

const cards = 24;

/** Bytes that a visit with 24 cards of 12-megapixel photos loads, scrolled through to the end. */
export async function measureWeight(browser: Browser, photo: Buffer) {
  return await withSeededBatch(browser, photo, cards, async ({ site, context }) => {
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const types = new Map<string, string>();
    let bytes = 0;
    let pictureBytes = 0;
    let requests = 0;
    devtools.on('Network.responseReceived', ({ requestId, type }) => types.set(requestId, type));
    devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      requests += 1;
      bytes += encodedDataLength;
      if (types.get(requestId) === 'Image') pictureBytes += encodedDataLength;
    });
    await page.goto(site.url);
    await page.getByRole('article').first().waitFor();
    for (let step = 0; step < 12; step++) {
      await page.mouse.wheel(0, 400);
      await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
    }
    await page.getByRole('article', { name: `holiday-${cards}.jpg` }).waitFor();
    return { cards, photoBytes: photo.length, bytes, pictureBytes, requests };
  });
}
