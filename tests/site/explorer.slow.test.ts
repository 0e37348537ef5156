import { text } from 'node:stream/consumers';
import type { Job } from '@spillway/core/job.ts';
import { matchesFilter } from '@spillway/core/job-filter.ts';
import { filterOf, jobQuerySchema } from '@spillway/core/job-query.ts';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { openBrowser } from '../visit.ts';
import { drawnJobs, seedJobs } from './seed-jobs.ts';
import { type SeededSite, startSeededSite } from './seeded-site.ts';

let site: SeededSite;
let jobs: Job[];
beforeAll(async () => {
  site = await startSeededSite();
  jobs = await seedJobs(site, drawnJobs(2_000, 24, Date.now()));
}, 60_000);
afterAll(() => site.close());
const visit = openBrowser();

/** The explorer with these filters, as an admin sees it. */
async function open(search: string, path = '/dashboard/jobs/'): Promise<Page> {
  const [page] = await visit(site.adminUrl);
  await page.locator('[data-access="granted"]').waitFor();
  await page.goto(`${site.url}${path}${search}`);
  await page.locator('[data-access="granted"]').waitFor();
  return page;
}

const rows = (page: Page) => page.locator('tr[data-job]');
const found = (page: Page) => page.locator('.list-head [role="status"]');
const idsOf = (page: Page) =>
  rows(page).evaluateAll((elements) => elements.map((row) => row.getAttribute('data-job')));

function truth(search: string): Job[] {
  const query = jobQuerySchema.parse(Object.fromEntries(new URLSearchParams(search)));
  return jobs.filter((job) => matchesFilter(job, filterOf(query, new Date())));
}

it('finds, counts and pages through exactly the jobs that match, of all 2,000', async () => {
  const page = await open('');
  for (const search of [
    '?state=failed',
    '?error=corrupt_image&worker=vm-1',
    '?name=holiday',
    '?name=IMG_19*&class=bulk&atLeast=2',
    '?source=uploads/sketch/&reason=run_vm_late',
  ]) {
    const expected = truth(search);
    await page.goto(`${site.url}/dashboard/jobs/${search}`);
    await expect
      .poll(() => found(page).textContent(), { message: search })
      .toContain(`${expected.length} job`);
    const seen: (string | null)[] = [];
    for (;;) {
      await expect
        .poll(() => rows(page).count(), { message: search })
        .toBe(Math.min(50, expected.length - seen.length));
      const first = seen[0];
      if (first) await expect.poll(async () => (await idsOf(page)).includes(first)).toBe(false);
      seen.push(...(await idsOf(page)));
      if (seen.length >= Math.min(100, expected.length)) break;
      await page.getByRole('button', { name: 'Earlier jobs' }).click();
      await page.waitForURL(/cursor=/);
    }
    const newest = expected.map(({ id }) => id).reverse();
    expect(seen, search).toEqual(newest.slice(0, seen.length));
  }
});

it('lets a person choose filters, keeps them in the address, and goes back', async () => {
  const page = await open('');
  await page.getByRole('button', { name: /^Failed/ }).click();
  await expect.poll(() => page.url()).toContain('state=failed');
  await page.getByLabel('Operation').selectOption('caption');
  await page.getByLabel('Worker').fill('vm-2');
  await page.keyboard.press('Enter');
  const search = '?state=failed&operation=caption&worker=vm-2';
  await expect.poll(() => new URL(page.url()).search).toBe(search);
  await expect.poll(() => found(page).textContent()).toContain(`${truth(search).length} job`);
  await page.goBack();
  await expect
    .poll(() => found(page).textContent())
    .toContain(`${truth('?state=failed&operation=caption').length} job`);
  await page.getByRole('button', { name: 'Take all away' }).click();
  await expect.poll(() => found(page).textContent()).toContain('2,000 jobs');
  expect(await seriousViolations(page)).toEqual([]);
});

it('says why one failed, in the list and by cause, and leads to its page', async () => {
  const page = await open('');
  await page.getByRole('button', { name: 'Causes of failures' }).click();
  const cause = page.getByRole('listitem').filter({ hasText: 'processing_timeout' });
  const expected = truth('?error=processing_timeout');
  await expect.poll(() => cause.locator('.cause-count').textContent()).toBe(String(expected.length));
  expect(await seriousViolations(page)).toEqual([]);
  await cause.getByRole('button', { name: 'Show them' }).click();
  const row = rows(page).first();
  await expect.poll(() => row.textContent()).toContain('longer than the time limit of 60 s');
  await row.getByRole('link').click();
  await page.waitForURL(new RegExp(`/dashboard/jobs/${expected.at(-1)?.id}/`));
});

it('says why one went to Cloud Run, with the figures that decided', async () => {
  const page = await open('?target=run&state=succeeded');
  await expect
    .poll(() => rows(page).first().textContent())
    .toMatch(/VM 9\.0 s, Cloud Run .* 6\.0 s left: .*too late/);
});

it('retries all of one cause after it has said how many, and keeps that it was done', async () => {
  const page = await open('?view=causes');
  const wanted = truth('?error=corrupt_image').length;
  const cause = page.getByRole('listitem').filter({ hasText: 'corrupt_image' });
  await cause.getByRole('button', { name: 'Retry all' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: `Retry ${wanted} jobs` }).click();
  await page.getByText(`${wanted} of ${wanted} retried.`).waitFor();
  const { entries } = await site.ports.audit.recent(1, null);
  expect(entries).toMatchObject([
    {
      action: 'retry_jobs',
      subject: 'state=failed, error=corrupt_image',
      result: `${wanted} of ${wanted} retried.`,
    },
  ]);
  const again = await site.ports.feed.count({ state: 'queued', class: 'bulk' }, 10_000);
  expect(again.jobs).toBeGreaterThanOrEqual(wanted);
});

it('selects a page, then all that match, and only then does anything', async () => {
  const page = await open('?state=processing');
  const open1 = truth('?state=processing').length;
  await expect.poll(() => rows(page).count()).toBe(50);
  await page.getByLabel('Select all jobs on this page').check();
  await page.getByRole('button', { name: `Select all that match (${open1} jobs)` }).click();
  await page.getByRole('button', { name: 'Cancel …' }).click();
  await page.getByRole('button', { name: `Cancel ${open1} jobs` }).click();
  await page.getByText(`${open1} of ${open1} cancelled.`).waitFor();
  await expect.poll(() => found(page).textContent()).toContain('0 jobs match');
});

it('goes on with what a closed page has left', async () => {
  const failed = (await site.ports.feed.count({ errorCode: 'poison' }, 10_000)).jobs;
  const headers = { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ kind: 'retry', which: { kind: 'matching', query: { error: 'poison' } } });
  const begun = await fetch(`${site.url}/api/v1/admin/mass-action`, { method: 'POST', headers, body });
  expect(begun.status).toBe(201);
  // The page that began it has gone some time ago.
  const document = await site.ports.massActions.read();
  if (!document.action) throw new Error('Nothing was begun.');
  const changedAt = new Date(Date.now() - 60_000);
  await site.ports.massActions.replace(document, { ...document, action: { ...document.action, changedAt } });
  const page = await open('');
  await page.getByText('nobody goes on with it').waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText(`${failed} of ${failed} retried.`).waitFor();
});

it('tells of new jobs and moves no row until somebody wants them', async () => {
  const page = await open('?owner=newcomer');
  await page.getByText('No job matches these filters.').waitFor();
  const [drawn] = drawnJobs(1, 1, Date.now(), 7);
  if (!drawn) throw new Error('Nothing was drawn.');
  await seedJobs(site, [{ ...drawn, owner: 'newcomer', at: Date.now(), fileName: 'late.jpg' }]);
  const news = page.getByRole('button', { name: '1 new job' });
  await news.waitFor();
  expect(await rows(page).count()).toBe(0);
  await news.click();
  await page.getByRole('link', { name: 'late.jpg' }).waitFor();
});

it('can be used by keys alone', async () => {
  const page = await open('?state=succeeded');
  await expect.poll(() => rows(page).count()).toBe(50);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('1 job selected').waitFor();
  await page.keyboard.press('k');
  const first = (await idsOf(page))[0];
  await page.keyboard.press('/');
  await page.keyboard.type('portrait');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.url()).toContain('name=portrait');
  await page.goBack();
  await expect.poll(async () => (await idsOf(page))[0]).toBe(first);
  await page.locator('h1').click();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/dashboard/jobs/${first}/`));
});

it('explains an address that asks for what there is not, and leads out of it', async () => {
  const page = await open('?state=lost');
  await page.getByRole('heading', { name: 'This address asks for something that there is not.' }).waitFor();
  await page.getByText('Use one of queued, processing').waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Take “state” away' }).click();
  await expect.poll(() => rows(page).count()).toBe(50);
  await page.goto(`${site.url}/dashboard/jobs/?cursor=tampered`);
  await page.getByText('This cursor was not made by this list.').waitFor();
  for (const [search, status] of [
    ['', 200],
    ['?state=failed&view=causes', 200],
    ['?state=lost', 400],
    ['?from=yesterday', 400],
    ['?q=1', 400],
  ] as const) {
    expect((await fetch(`${site.url}/dashboard/jobs/${search}`)).status, search).toBe(status);
  }
});

it('keeps views in this browser, exports what is shown, and leads from an id to its job', async () => {
  const page = await open('?state=failed&error=poison');
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByLabel(/Name of the view/).fill('The bad ones');
  await page.keyboard.press('Enter');
  await page.goto(`${site.url}/dashboard/jobs/`);
  await page.getByLabel('View', { exact: true }).selectOption('The bad ones');
  await expect.poll(() => new URL(page.url()).search).toBe('?state=failed&error=poison');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const csv = await text(await (await download).createReadStream());
  const wanted = await site.ports.feed.count({ state: 'failed', errorCode: 'poison' }, 10_000);
  expect(csv.trimEnd().split('\r\n')).toHaveLength(1 + wanted.jobs);
  const [job] = jobs;
  await page.getByLabel('File name or job id').fill(job?.id ?? '');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/dashboard/jobs/${job?.id}/`));
});

it('shows dead letters with their jobs, and replays them', async () => {
  const job = jobs.find(({ error }) => error?.code === 'unsupported_type');
  await site.ports.queue.bury(
    JSON.stringify({ schemaVersion: 1, jobId: job?.id, epoch: 0 }),
    'It was delivered too often.',
  );
  const page = await open('?view=letters');
  const letter = page.locator('li.cause').filter({ hasText: 'It was delivered too often.' });
  await expect.poll(() => letter.textContent()).toContain('The file is a PDF');
  expect(await seriousViolations(page)).toEqual([]);
  await letter.getByText('What happened to it').click();
  await expect.poll(() => letter.getByRole('listitem').count()).toBeGreaterThan(3);
  await letter.getByRole('button', { name: 'Replay' }).click();
  await page.getByText('1 job waits again.').waitFor();
  await page.getByText('There is none.').waitFor();
});
