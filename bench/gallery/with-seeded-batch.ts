import { type SeededSite, startSeededSite } from '@spillway/tests/site/seeded-site.ts';
import { ownerOf, seedBatches } from '@spillway/tests/site/seeded-visitor.ts';
import type { Browser, BrowserContext } from './browser-figures.ts';

/** Calls `measure` with the browser of a visitor who has one batch of so many photos, each with three results. */
export async function withSeededBatch<Value>(
  browser: Browser,
  photo: Buffer,
  pictures: number,
  measure: (visitor: { site: SeededSite; context: BrowserContext }) => Promise<Value>,
): Promise<Value> {
  const site = await startSeededSite();
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  try {
    await seedBatches(site, await ownerOf(context, site), [{ pictures }], photo);
    return await measure({ site, context });
  } finally {
    await context.close();
    await site.close();
  }
}
