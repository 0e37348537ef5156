import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { drawnJpeg } from '../pictures.ts';
import { isAlive, openBrowser } from '../visit.ts';
import { type SeededSite, startSeededSite } from './seeded-site.ts';
import { ownerOf, type SeededBatch, seedBatches } from './seeded-visitor.ts';

const stack = inject('stack');
const visit = openBrowser();
let site: SeededSite;
beforeAll(async () => {
  site = await startSeededSite();
});
afterAll(() => site.close());

/** The page of a visitor who has these batches. `errors` gathers what the browser's console says is wrong. */
async function visitWith(batches: SeededBatch[], options: Parameters<typeof visit>[1] = {}) {
  const [page, context] = await visit('about:blank', options);
  const owner = await ownerOf(context, site);
  await seedBatches(site, owner, batches, await drawnJpeg(1, 800, 600));
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(site.url);
  await isAlive(page);
  await card(page, 1).first().waitFor();
  return { page, context, errors };
}

const card = (page: Page, number: number) =>
  page.getByRole('article', { name: `holiday-${number}.jpg`, exact: true });
const namesOf = (page: Page) => page.locator('.card-name').allTextContents();

describe('a batch of 300 pictures', () => {
  it('has only the rows of the window in the document, and shows all in the order of the drop', async () => {
    const { page } = await visitWith([{ pictures: 300 }]);
    await expect.poll(() => page.locator('.card.empty').count()).toBe(0);
    const seen: string[] = [];
    await expect
      .poll(
        async () => {
          const names = await namesOf(page);
          expect(names.length).toBeLessThan(60);
          expect(names.map(numberOf)).toEqual(names.map(numberOf).toSorted((a, b) => a - b));
          seen.push(...names.filter((name) => !seen.includes(name)));
          await page.mouse.wheel(0, 900);
          return seen.length;
        },
        { interval: 20 },
      )
      .toBe(300);
    expect(seen).toEqual(Array.from({ length: 300 }, (_, place) => `holiday-${place + 1}.jpg`));
    const item = page.getByRole('listitem').filter({ has: card(page, 300) });
    expect(await item.getAttribute('aria-posinset')).toBe('300');
    expect(await item.getAttribute('aria-setsize')).toBe('300');
  });

  it('is gone through by the keyboard alone: its tabs, its cards, and far below the window', async () => {
    const { page } = await visitWith([{ pictures: 60 }]);
    const tab = card(page, 1).getByRole('tab', { name: 'Pencil sketch, done' });
    await tabTo(page, 'Pencil sketch, done');
    expect(await tab.evaluate((wanted) => wanted === wanted.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press('ArrowRight');
    expect(await focusedName(page)).toBe('Cut-out, done');
    await page.keyboard.press('End');
    expect(await focusedName(page)).toBe('Caption, done');
    await card(page, 1).getByRole('blockquote').waitFor();
    await page.keyboard.press('Home');
    await expect.poll(() => card(page, 1).getByText('3 of 3 done').count()).toBe(1);
    await page.keyboard.press('ArrowLeft');
    expect(await focusedName(page)).toBe('Caption, done');

    // What has the focus stays in the document, however far the page is scrolled.
    await page.mouse.wheel(0, 12_000);
    await expect.poll(async () => numberOf((await namesOf(page)).at(-1) ?? '')).toBeGreaterThan(40);
    expect(await focusedName(page)).toBe('Caption, done');
    for (let number = 2; number <= 5; number++) {
      await tabTo(page, `Open pencil sketch of holiday-${number}.jpg`);
    }
    expect(await page.evaluate('document.activeElement.getBoundingClientRect().top < innerHeight')).toBe(
      true,
    );
  });
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it('has no serious accessibility violation while results run, fail and are done, and at 360 pixels', async () => {
    const { page, errors } = await visitWith(
      [
        { pictures: 3, at: Date.now() - 90_000 },
        { pictures: 12, end: mixedEnd },
      ],
      { colorScheme },
    );
    await page.getByText(/^What failed of 2 pictures/).click();
    await page.getByRole('button', { name: 'holiday-2.jpg', exact: true }).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await seriousViolations(page)).toEqual([]);
    // Pictures that failed and that have no thumbnails yet are not asked for.
    expect(errors).toEqual([]);
  });
});

/** Two pictures fail, of one a single result fails, and the last ones are at work. */
function mixedEnd(place: number, operation: string) {
  if (place === 1) return 'unsupported_type';
  if (place === 2 && operation === 'caption') return 'processing_timeout';
  return place < 9 ? 'succeeded' : place === 9 ? 'processing' : 'queued';
}

describe('a drop of 200 files', () => {
  it('is taken anywhere, shows every file in its order, and can be stopped and deleted as a whole', async () => {
    const [page, context] = await visit(stack.web);
    await page.getByRole('button', { name: /Lighthouse/ }).click();
    await page.getByText(/^Done in/).waitFor();
    const folder = await folderOf(200);
    await page.mouse.wheel(0, 3_000);
    const drag = await dragOf(context, page, folder);
    const curtain = page.getByText('Let go to add them');
    await drag('dragEnter');
    await expect
      .poll(async () => {
        await drag('dragOver');
        return curtain.isVisible();
      })
      .toBe(true);
    await drag('drop');
    const batch = page.getByRole('region', { name: '200 pictures' });
    await batch.waitFor();
    expect(await curtain.isVisible()).toBe(false);
    await expect
      .poll(() => namesOf(page))
      .toEqual(expect.arrayContaining(['photo-000.jpg', 'photo-001.jpg', 'photo-002.jpg']));
    const names = (await namesOf(page)).filter((name) => name.startsWith('photo-'));
    expect(names).toEqual(names.map((_, place) => `photo-${String(place).padStart(3, '0')}.jpg`));

    await batch.getByRole('button', { name: /^Cancel/ }).click();
    await expect.poll(() => batch.getByRole('progressbar').count()).toBe(0);
    await batch.getByRole('button', { name: /^Delete all/ }).click();
    await batch.getByRole('button', { name: /^Really delete/ }).click();
    await expect.poll(() => batch.count()).toBe(0);
    await expect.poll(() => namesOf(page)).toEqual(['lighthouse.jpg']);
  });
});

async function folderOf(files: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-drop-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const picture = await drawnJpeg(1, 64, 48);
  for (let index = 0; index < files; index++) {
    await writeFile(join(folder, `photo-${String(index).padStart(3, '0')}.jpg`), picture);
  }
  return folder;
}

/** Moves a folder over the page as a person does with the mouse. */
async function dragOf(context: BrowserContext, page: Page, folder: string) {
  const devtools = await context.newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  return (type: 'dragEnter' | 'dragOver' | 'drop') =>
    devtools.send('Input.dispatchDragEvent', { type, x: 700, y: 700, data });
}

const numberOf = (name: string) => Number(/\d+/.exec(name)?.[0]);

const focusedName = (page: Page): Promise<string | null> =>
  page.evaluate('document.activeElement.getAttribute("aria-label")');

/** Presses Tab until what has this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    if ((await focusedName(page)) === name) return;
  }
  throw new Error(`60 presses of Tab did not reach ${name}.`);
}
