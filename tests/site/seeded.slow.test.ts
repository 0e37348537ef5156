import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser } from '../visit.ts';
import { drawnJobs, seedJobs } from './seed-jobs.ts';
import { type SeededSite, startSeededSite } from './seeded-site.ts';

let site: SeededSite;
beforeAll(async () => {
  site = await startSeededSite();
});
afterAll(() => site.close());
const visit = openBrowser();

it('shows the jobs that were seeded', async () => {
  const jobs = await seedJobs(site, drawnJobs(20, 1, Date.now()));
  const [page] = await visit(site.adminUrl);
  const name = jobs.at(-1)?.source.name.split('/').at(-1) ?? '';
  await expect.poll(() => page.getByText(name).count()).toBeGreaterThan(0);
});
