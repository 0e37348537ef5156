import type { Job } from '@spillway/core/job.ts';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { drawnJpeg } from '../pictures.ts';
import { openBrowser } from '../visit.ts';
import { drawnJobs, seedJobs } from './seed-jobs.ts';
import { type SeededSite, startSeededSite } from './seeded-site.ts';

const visit = openBrowser();
let site: SeededSite;
let jobs: Job[];
beforeAll(async () => {
  site = await startSeededSite();
  const source = Buffer.from(await drawnJpeg(1));
  const results = {
    sketch: source,
    'remove-background': source,
    caption: Buffer.from('{"caption":"a cat"}'),
  };
  jobs = await seedJobs(site, drawnJobs(60, 1, Date.now()), { source, results });
}, 300_000);
afterAll(() => site.close());

const parts = ['', 'jobs/', 'workers/', 'routing/', 'sources/', 'cloud-run/', 'keys/', 'audit/', 'design/'];

/** Opens a page as an admin, and gathers what its console says of faults. */
async function open(part: string, colorScheme: 'light' | 'dark' = 'light'): Promise<[Page, string[]]> {
  const [page] = await visit('about:blank', { colorScheme });
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(`${site.url}/dashboard/${part}#token=${encodeURIComponent(site.token)}`);
  await page.locator('[data-access="granted"]').waitFor();
  // Nothing is awaited any more.
  await expect.poll(() => page.locator('.skeleton').count()).toBe(part === 'design/' ? 3 : 0);
  return [page, faults];
}

function jobThat(is: (job: Job) => boolean): Job {
  // The latest, which has older ones before it.
  const found = jobs.findLast(is);
  if (!found) throw new Error('No seeded job is like that.');
  return found;
}

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.each([...parts, 'job'])(
    '/dashboard/%s has no serious violation and no error in its console',
    async (part) => {
      const done = jobThat(({ state, operation }) => state === 'succeeded' && operation === 'sketch');
      const [page, faults] = await open(part === 'job' ? `jobs/${done.id}/` : part, colorScheme);
      expect(await seriousViolations(page)).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      expect(faults).toEqual([]);
    },
  );
});

it('tells of a job what was expected and what came of it, in rows that add up', async () => {
  const done = jobThat(({ state, timings }) => state === 'succeeded' && timings !== null);
  const [page] = await open(`jobs/${done.id}/`);
  const table = page.getByRole('table').filter({ hasText: 'From the decision for' });
  for (const row of ['Wait', 'Service', 'Download and store', 'Margin', 'The rest', 'Finish', 'Dollars']) {
    expect(await table.getByRole('rowheader', { name: new RegExp(`^${row}`) }).count()).toBe(1);
  }
  await page.getByRole('rowheader', { name: /^deliver/ }).waitFor();
  await page.getByText(`Claimed by ${done.claim?.worker}, attempt 1`).waitFor();
  await page.getByText(done.id, { exact: true }).first().waitFor();
});

it('leads from a job to the ones before and after it, and says of a failed one why', async () => {
  const failed = jobThat(({ state }) => state === 'failed');
  const [page] = await open(`jobs/${failed.id}/`);
  await page.getByText(new RegExp(`${failed.error?.code}: `)).waitFor();
  await page.getByRole('button', { name: /^Older/ }).click();
  await page.waitForURL((url) => !url.pathname.includes(failed.id));
  await page.getByRole('heading', { level: 2, name: 'What happened' }).waitFor();
  await page.getByRole('button', { name: /^Newer/ }).click();
  await page.waitForURL((url) => url.pathname.includes(failed.id));
});

it('deletes a job, and then says that it is gone', async () => {
  const done = jobThat(({ state, operation }) => state === 'succeeded' && operation === 'caption');
  const [page] = await open(`jobs/${done.id}/`);
  await page.getByRole('button', { name: /^Delete / }).click();
  await page.getByRole('button', { name: /^Delete for good/ }).click();
  await page.getByText('There is no such job.').waitFor();
});
