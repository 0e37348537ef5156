import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PageWeight, pageWeights, sumOf } from '@spillway/bench/page-weights.ts';
import { buildSiteIfChanged } from '@spillway/release/site-build.ts';
import { beforeAll, expect, it } from 'vitest';

/** Most bytes of JavaScript by brotli that a visitor's page loads at once. */
const mostOfVisitors = 70_000;
/** Most of an admin's page, with what it loads later for its main tasks. */
const mostOfAdmins = 120_000;

let weights: PageWeight[];
beforeAll(async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  await buildSiteIfChanged(root, join(root, '.local/logs'));
  weights = await pageWeights(join(root, 'web/dist'));
}, 300_000);

it.each(['/', '/shared/'])('%s loads no more JavaScript at once than a visitor’s page may', (page) => {
  const weight = weights.find((each) => each.page === page);
  const bytes = sumOf(weight?.initial ?? []);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThanOrEqual(mostOfVisitors);
});

it('admins’ pages load no more JavaScript than they may', () => {
  const ofAdmins = weights.filter(({ page }) => page.startsWith('/dashboard/'));
  expect(ofAdmins.length).toBeGreaterThan(8);
  const heavy = ofAdmins.filter(({ initial, lazy }) => {
    // Charts are a main task of two pages; JSON Schemas of plug-ins are read where there are any.
    const needed = lazy.filter(({ name }) => !name.startsWith('manifest-of-view'));
    return sumOf([...initial, ...needed]) > mostOfAdmins;
  });
  expect(heavy.map(({ page }) => page)).toEqual([]);
});
