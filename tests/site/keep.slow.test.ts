import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, inject, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { isAlive, openBrowser } from '../visit.ts';

const stack = inject('stack');
const visit = openBrowser();

const choose = (page: Page) => page.locator('input[type=file]').first();
const jpeg = async (name: string, seed: number) => ({
  name,
  mimeType: 'image/jpeg',
  buffer: await drawnJpeg(seed, 400, 300),
});

/** A picture of some megabytes, which noise does not let become smaller. */
async function largeJpeg(name: string) {
  const noise = sharp(randomBytes(1_200 * 900 * 3), { raw: { width: 1_200, height: 900, channels: 3 } });
  return { name, mimeType: 'image/jpeg', buffer: await noise.jpeg({ quality: 100 }).toBuffer() };
}

/** What a page sends to upload sessions, by the ranges of bytes. */
function rangesOf(page: Page): string[] {
  const ranges: string[] = [];
  page.on('request', (request) => {
    const range = request.headers()['content-range'];
    if (request.method() === 'PUT' && range !== undefined) ranges.push(range);
  });
  return ranges;
}

/**
 * Brings an upload to its second chunk, which is held back until the returned function is called, and waits until the
 * browser has kept its file.
 */
async function beginLarge(page: Page, name: string): Promise<() => void> {
  let holds = true;
  const held = Promise.withResolvers<void>();
  await page.route(
    (url) => url.searchParams.has('upload_id'),
    async (route, request) => {
      const isSecond = request.headers()['content-range']?.startsWith('bytes 1048576-');
      if (holds && isSecond) held.resolve();
      else await route.continue();
    },
  );
  await choose(page).setInputFiles([await largeJpeg(name)]);
  await held.promise;
  await expect.poll(() => page.getByText('If you close this page, the rest goes on').count()).toBe(1);
  return () => {
    holds = false;
  };
}

/** Waits until the results of that many files are there, as the server says. */
async function results(page: Page, files: number): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const answer = await fetch('/api/v1/jobs?state=succeeded');
        return (await answer.json()).jobs.length;
      }),
    )
    .toBe(files);
}

/** The upload asked what had arrived and went on behind it: it did not begin again. */
function expectResumed(ranges: string[]): void {
  expect(ranges[0]).toMatch(/^bytes \*\/\d+$/);
  expect(ranges.length).toBeGreaterThan(1);
  expect(ranges.some((range) => range.startsWith('bytes 0-'))).toBe(false);
}

/** What this browser keeps of uploads. */
const keptRecords = (page: Page) =>
  page.evaluate(async () => {
    const open = indexedDB.open('spillway');
    await new Promise((resolve) => {
      open.onsuccess = resolve;
    });
    const count = open.result.transaction('uploads').objectStore('uploads').count();
    await new Promise((resolve) => {
      count.onsuccess = resolve;
    });
    open.result.close();
    return count.result;
  });

describe('no upload is lost', () => {
  it('goes on from the byte that arrived when the page is reloaded, and is then forgotten by the browser', async () => {
    const [page] = await visit(stack.web);
    const letGo = await beginLarge(page, 'reloaded.jpg');
    letGo();
    const ranges = rangesOf(page);
    await page.reload();
    await results(page, 1);
    expectResumed(ranges);
    await expect.poll(() => keptRecords(page)).toBe(0);
    const jobs = await page.evaluate(async () => (await (await fetch('/api/v1/jobs')).json()).jobs.length);
    expect(jobs).toBe(1);
  });

  it('goes on in a new tab after a crash of the tab', async () => {
    const [page, context] = await visit(stack.web);
    await beginLarge(page, 'crashed.jpg');
    const crashed = page.waitForEvent('crash');
    void page.goto('chrome://crash').catch(() => {});
    await crashed;
    const next = await context.newPage();
    const ranges = rangesOf(next);
    await next.goto(stack.web);
    await isAlive(next);
    await results(next, 1);
    expectResumed(ranges);
  });

  it('is sent by one of two tabs, and by the other once that is closed', async () => {
    const [first, context] = await visit(stack.web);
    await beginLarge(first, 'two-tabs.jpg');
    const second = await context.newPage();
    const ranges = rangesOf(second);
    await second.goto(stack.web);
    await isAlive(second);
    // It is told of no upload while the first tab lives, and sends nothing of it.
    await choose(second).setInputFiles([await jpeg('own.jpg', 3)]);
    await results(second, 1);
    expect(ranges.every((range) => /\/\d{1,6}$/.test(range))).toBe(true);
    ranges.length = 0;
    await first.close();
    await results(second, 2);
    expectResumed(ranges);
  });

  it('waits while the line is down, and goes on without a press for each file', async () => {
    const [page, context] = await visit(stack.web);
    await context.setOffline(true);
    await expect.poll(() => page.getByText('You are offline.').count()).toBe(1);
    await choose(page).setInputFiles([
      await jpeg('a.jpg', 1),
      await jpeg('b.jpg', 2),
      await jpeg('c.jpg', 3),
    ]);
    await choose(page).setInputFiles([await jpeg('d.jpg', 4), await jpeg('e.jpg', 5)]);
    await expect
      .poll(() => page.getByText('5 files wait and go on without a press once the line is back.').count())
      .toBe(1);
    expect(await page.getByRole('button', { name: /^Retry/ }).count()).toBe(0);
    await context.setOffline(false);
    await results(page, 5);
    await expect.poll(() => page.getByText('You are offline.').count()).toBe(0);
  });

  it('uploads all the same in a window without a database', async () => {
    const [page, context] = await visit(stack.web);
    await context.addInitScript(() => {
      Object.defineProperty(window, 'indexedDB', {
        value: {
          open: () => {
            throw new DOMException('Not here.', 'InvalidStateError');
          },
        },
      });
    });
    await page.reload();
    await isAlive(page);
    await choose(page).setInputFiles([await jpeg('private.jpg', 1)]);
    await results(page, 1);
  });
});
