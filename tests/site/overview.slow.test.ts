import { seedRollups } from '@spillway/pipeline/testing/seed-rollups.ts';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { openBrowser } from '../visit.ts';
import { type SeededSite, startSeededSite } from './seeded-site.ts';

const hourMs = 3_600_000;
let site: SeededSite;
/** Yesterday, at 14:00 UTC: half of the objectives were missed. */
const midnight = Math.floor(Date.now() / (24 * hourMs)) * 24 * hourMs;
const badHour = new Date(midnight - 10 * hourMs);
beforeAll(async () => {
  site = await startSeededSite();
  await seedRollups(site.ports.metricsDocuments, {
    ...{ now: new Date(), days: 8, fineHours: 36, workers: 3, owners: 8, jobsPerHour: 600, badHour },
  });
});
afterAll(() => site.close());
const visit = openBrowser();

async function opened(query = '', options: Parameters<typeof visit>[1] = {}): Promise<Page> {
  const [page] = await visit(site.adminUrl.replace('#', `${query}#`), options);
  await page.waitForSelector('.time-chart canvas');
  return page;
}

it('leads to yesterday’s worst hour in two clicks, and to what failed in it', async () => {
  const page = await opened();
  await page.getByRole('link', { name: '7 d' }).click();
  await expect.poll(() => page.locator('.worst-step').innerText()).toContain('Worst 1 h');
  expect(page.url()).toContain('range=7d');
  const at = await page.locator('.worst-step strong').innerText();
  const expected = await page.evaluate(
    (time) =>
      new Date(time).toLocaleString('en-GB', {
        day: 'numeric',
        month: 'short',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      }),
    badHour.getTime(),
  );
  expect(at).toBe(expected);
  await page.getByRole('button', { name: 'Look into it' }).click();
  await expect.poll(() => page.url()).toContain('until=');
  await expect
    .poll(() => page.locator('.overview-table').filter({ hasText: 'Failures by cause' }).innerText())
    .toContain('processing_timeout');
  await expect.poll(() => page.locator('.alert-log').innerText()).toContain('59 min');
  const cause = page.getByRole('link', { name: 'The picture took longer than the time limit.' });
  expect(await cause.getAttribute('href')).toMatch(/state=failed&error=processing_timeout&from=.*&to=/);
  // The browser's own way back leads through the views.
  await page.goBack();
  await expect.poll(() => page.url()).toContain('range=7d');
  await expect.poll(() => page.locator('.worst-step').innerText()).toContain('Worst 1 h');
});

it('shows the same of one owner, by an address that another admin can open', async () => {
  const page = await opened('?range=24h');
  const about = page.getByLabel('About');
  const owner = async () =>
    (await about.locator('optgroup[label="Owner"] option').first().getAttribute('value')) ?? '';
  await expect.poll(owner).toMatch(/^owner:/);
  const ended = () => page.locator('.figure', { hasText: 'Jobs ended' }).locator('.figure-value').innerText();
  const all = Number((await ended()).replaceAll(',', ''));
  const value = await owner();
  await about.selectOption(value);
  await expect.poll(async () => Number((await ended()).replaceAll(',', ''))).toBeLessThan(all);
  const name = value.slice('owner:'.length);
  expect(new URL(page.url()).searchParams.get('owner')).toBe(name);
  const other = await opened(new URL(page.url()).search);
  expect(await other.locator('.about-picker .chip').innerText()).toContain(name);
  await other.locator('.about-picker .chip').click();
  await expect.poll(() => new URL(other.url()).searchParams.has('owner')).toBe(false);
});

it('has the values of a chart in a table, and the history of a worker’s machine', async () => {
  const page = await opened('?range=3h&worker=vm-0');
  await page.getByText('Processors of vm-0 as a table').click();
  const table = page.getByRole('table', { name: 'Processors of vm-0' });
  await expect.poll(() => table.getByRole('row').count()).toBeGreaterThan(60);
});

it('says what is wrong in a broken world, since when and where to look', async () => {
  const since = new Date(Date.now() - 20 * 60_000);
  const [read] = await site.ports.metricsDocuments.get(['state']);
  if (!read) throw new Error('There is no state.');
  const state = JSON.parse(read.document.content) as { openAlerts: unknown[] };
  const routing = await site.ports.routerStates.read();
  const breaker = {
    ...routing.breaker,
    state: 'paused' as const,
    why: 'Its last 3 jobs failed.',
    until: new Date(Date.now() + hourMs),
  };
  await site.ports.routerStates.replace(routing, { ...routing, breaker });
  const open = ['nothing_takes_work', 'run_paused'].map((code) => ({
    ...{ code, subject: null, message: 'It was noted.', beganAt: since },
  }));
  state.openAlerts = open;
  const content = JSON.stringify(state);
  await site.ports.metricsDocuments.replace([{ before: read, next: { ...read.document, content } }], []);
  const page = await opened();
  const verdict = page.locator('.verdict.wrong');
  await expect.poll(() => verdict.innerText()).toMatch(/Neither a VM nor Cloud Run takes work.*Since/s);
  expect(await verdict.getByRole('link').getAttribute('href')).toBe('/dashboard/workers/');
  expect(await page.locator('.dashboard-alert').innerText()).toContain('Cloud Run is paused');
});

it('explains an address that it does not understand', async () => {
  const [page] = await visit(site.adminUrl.replace('#', '?range=1y#'));
  await expect.poll(() => page.locator('.notice').first().innerText()).toContain('“1y” is no range');
  await page.getByRole('link', { name: 'Show the last three hours' }).click();
  await page.waitForSelector('.time-chart canvas');
});

it.each(['light', 'dark'] as const)('has no serious violation in the theme %s', async (colorScheme) => {
  // A page that changes its theme is in between for a moment.
  const page = await opened('?range=24h', { colorScheme });
  expect(await seriousViolations(page)).toEqual([]);
});
