import { randomUUID } from 'node:crypto';
import { tinyGif, upload } from '@spillway/web/api/test-client.ts';
import { succeed } from '@spillway/web/api/test-jobs.ts';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { isAlive, openBrowser } from '../visit.ts';
import { type SeededSite, startSeededSite } from './seeded-site.ts';

let site: SeededSite;
beforeAll(async () => {
  site = await startSeededSite();
});
afterAll(() => site.close());
const visit = openBrowser();

/** A visitor's page with a batch of so many finished pictures, and one of another batch. */
async function visitWithBatch(pictures: number, at = site): Promise<[Page, string]> {
  const [page, context] = await visit(at.url);
  await expect
    .poll(async () => (await context.cookies()).some(({ name }) => name === 'spillway_session'))
    .toBe(true);
  const cookie = (await context.cookies()).find(({ name }) => name === 'spillway_session')?.value ?? '';
  const owner = cookie.split('.')[0] ?? '';
  const world = { memory: at.ports, ports: at.ports };
  const send = async (batch: string, index: number, name: string) =>
    succeed(
      await upload(world, owner, {
        name,
        metadata: { batch, 'batch-index': String(index), 'batch-size': String(pictures) },
      }),
      tinyGif,
      world,
    );
  const batch = randomUUID();
  for (let index = 0; index < pictures; index++) await send(batch, index, `picture-${index}.jpg`);
  await send(randomUUID(), 0, 'secret.jpg');
  await page.reload();
  await isAlive(page);
  return [page, owner];
}

/** Makes a link by hand, to end after an hour, and gives its address. */
async function makeLink(page: Page): Promise<string> {
  await page
    .getByRole('button', { name: /^Share .*3 pictures|^Share /i })
    .last()
    .click();
  const dialog = page.getByRole('dialog', { name: 'A private link' });
  await dialog.getByText('1 hour').click();
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const field = dialog.getByRole('textbox', { name: 'The private link' });
  await expect.poll(() => field.count()).toBe(1);
  await expect.poll(() => dialog.getByRole('img', { name: /QR code/ }).count()).toBe(1);
  expect(await seriousViolations(page)).toEqual([]);
  const url = await field.inputValue();
  await page.keyboard.press('Escape');
  return url;
}

describe('a private link', () => {
  it('shows one batch on another device, until it is revoked', async () => {
    const [page] = await visitWithBatch(3);
    const url = await makeLink(page);
    expect(url).toMatch(/\/shared\/#sps_\w{49}$/);
    const [other] = await visit('about:blank');
    const asked: string[] = [];
    other.on('request', (request) => asked.push(request.url(), request.headers().referer ?? ''));
    await other.goto(url);
    await expect.poll(() => other.getByRole('article').count()).toBe(3);
    expect(await other.getByText('secret.jpg').count()).toBe(0);
    expect(await other.getByRole('article').first().getAttribute('aria-label')).toBe('picture-0.jpg');
    await expect.poll(() => other.evaluate(() => document.querySelectorAll('img').length)).toBe(6);
    const download = other.waitForEvent('download');
    await other.getByRole('link', { name: 'Download all as ZIP' }).click();
    expect((await download).suggestedFilename()).toMatch(/\.zip$/);
    // No address and no Referer has the token: neither a log nor another site learns it.
    expect(asked.filter((each) => each.includes('sps_') && !each.startsWith(`${site.url}/shared/#`))).toEqual(
      [],
    );
    expect(await seriousViolations(other)).toEqual([]);

    await page
      .getByRole('button', { name: /^Share / })
      .last()
      .click();
    const dialog = page.getByRole('dialog', { name: 'A private link' });
    await dialog.getByRole('button', { name: /^Revoke/ }).click();
    await dialog.getByRole('button', { name: /^Really revoke/ }).click();
    await expect.poll(() => dialog.getByRole('button', { name: /^Revoke/ }).count()).toBe(0);
    await other.reload();
    await expect.poll(() => other.getByText('This private link was revoked').count()).toBe(1);
    expect(await other.getByRole('article').count()).toBe(0);
  });

  it('ends at its time', async () => {
    // Of its own, whose clock need not go back: what visitors may do is counted by it.
    const aged = await startSeededSite();
    onTestFinished(() => aged.close());
    const [page] = await visitWithBatch(1, aged);
    const url = await makeLink(page);
    const [other] = await visit(url);
    await expect.poll(() => other.getByRole('article').count()).toBe(1);
    aged.setTime(Date.now() + 3_600_001);
    await other.reload();
    await expect.poll(() => other.getByText('This private link has ended').count()).toBe(1);
  });

  it('says so where it is not whole', async () => {
    const [page] = await visit(`${site.url}/shared/#sps_nothing`);
    await expect.poll(() => page.getByText('There is no such private link').count()).toBe(1);
    expect(await seriousViolations(page)).toEqual([]);
  });
});

describe('everything of mine', () => {
  it('is deleted by one press, with what the page says of it, and the browser is new then', async () => {
    const [page, owner] = await visitWithBatch(105);
    await page.locator('.kept-note summary').press('Enter');
    await expect.poll(() => page.getByText('This page shows a result for 30 days').count()).toBe(1);
    await expect.poll(() => page.getByText('Admins of this site can see them too').count()).toBe(1);
    await page.getByRole('button', { name: 'Delete everything of mine' }).click();
    await page.getByRole('button', { name: /^Really delete all/ }).click();
    await expect.poll(() => page.getByText('Everything is deleted.').count()).toBe(1);
    expect((await site.ports.feed.count({ owner }, 10)).jobs).toBe(0);
    const { webUploads, results } = site.ports.buckets;
    for (const bucket of [webUploads, results]) {
      const { objects } = await site.ports.blobs.listPage(bucket, null);
      expect(objects.filter(({ name }) => name.includes(owner))).toEqual([]);
    }
    const cookies = await page.context().cookies();
    expect(cookies.find(({ name }) => name === 'spillway_session')?.value.startsWith(owner)).toBe(false);
    expect(await seriousViolations(page)).toEqual([]);
  });
});
