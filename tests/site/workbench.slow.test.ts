import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, inject, it } from 'vitest';
import { seriousViolations } from '../browser.ts';
import { drawnJpeg } from '../pictures.ts';
import { openBrowser } from '../visit.ts';

const stack = inject('stack');
const visit = openBrowser();

const jpeg = async (name: string, seed: number) => ({
  name,
  mimeType: 'image/jpeg',
  buffer: await drawnJpeg(seed, 800, 600),
});

/** Uploads pictures, and opens a result of the first by pressing its card. */
async function openResult(page: Page, files: Awaited<ReturnType<typeof jpeg>>[], result: RegExp) {
  await page.locator('input[type=file]').first().setInputFiles(files);
  const card = page.getByRole('article', { name: files[0]?.name ?? '' });
  await card.getByRole('tab', { name: result }).click();
  await card.getByRole('button', { name: /^Open/ }).click();
  const dialog = page.getByRole('dialog', { name: files[0]?.name ?? '' });
  await dialog.waitFor();
  await compareLine(dialog).waitFor({ timeout: 40_000 });
  return dialog;
}

const compareLine = (dialog: Locator) => dialog.getByRole('slider', { name: /^Compare/ });
const stageOf = (dialog: Locator) => dialog.locator('.wb-stage');
const percentOf = async (dialog: Locator) =>
  Number.parseInt((await dialog.locator('output[aria-label=Zoom]').textContent()) ?? '', 10);
const chip = (dialog: Locator, name: string | RegExp) =>
  dialog.getByRole('list', { name: 'What is shown' }).getByRole('button', { name });

/** Where the picture lies in the window. */
async function placeOf(dialog: Locator) {
  const box = await dialog.locator('.wb-picture').last().boundingBox();
  if (!box) throw new Error('No picture is shown.');
  return box;
}

describe('a picture opens large', () => {
  it('zooms and moves by wheel, fingers and keys, and is closed by the back button', async () => {
    const [page, context] = await visit(stack.web, { hasTouch: true });
    const dialog = await openResult(page, [await jpeg('large.jpg', 1)], /sketch/i);
    const opener = page.getByRole('article', { name: 'large.jpg' }).getByRole('button', { name: /^Open/ });
    expect(new URL(page.url()).hash).toMatch(/^#\/picture\/.+\/sketch$/);
    const fitted = await percentOf(dialog);

    const stage = stageOf(dialog);
    const box = await stage.boundingBox();
    if (!box) throw new Error('There is no stage.');
    const [x, y] = [box.x + box.width / 4, box.y + box.height / 3];
    await page.mouse.move(x, y);
    const before = await placeOf(dialog);
    await page.mouse.wheel(0, -600);
    await expect.poll(() => percentOf(dialog)).toBeGreaterThan(2 * fitted);
    const after = await placeOf(dialog);
    // What was under the pointer still is.
    expect((x - after.x) / after.width).toBeCloseTo((x - before.x) / before.width, 2);
    expect((y - after.y) / after.height).toBeCloseTo((y - before.y) / before.height, 2);

    await page.mouse.down();
    await page.mouse.move(x - 50, y - 40);
    await page.mouse.up();
    await expect.poll(async () => Math.round((await placeOf(dialog)).x - after.x)).toBe(-50);

    await stage.focus();
    await page.keyboard.press('1');
    await expect.poll(() => percentOf(dialog)).toBe(100);
    await page.keyboard.press('+');
    await expect.poll(() => percentOf(dialog)).toBe(125);
    await page.keyboard.press('-');
    await page.keyboard.press('0');
    await expect.poll(() => percentOf(dialog)).toBe(fitted);

    const cdp = await context.newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart: number) =>
      cdp.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: type === 'touchEnd' ? [] : [-apart, apart].map((by, id) => ({ x: x + by, y, id })),
      });
    await touch('touchStart', 20);
    for (const apart of [30, 45, 60]) await touch('touchMove', apart);
    await touch('touchEnd', 0);
    await expect.poll(() => percentOf(dialog)).toBeGreaterThan(2.5 * fitted);

    await page.goBack();
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await expect.poll(() => opener.evaluate((button) => button === document.activeElement)).toBe(true);
    await page.goForward();
    await dialog.waitFor();
    await page.reload();
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await expect.poll(() => new URL(page.url()).hash).toBe('');
  });
});

/** The mean difference of two pictures in levels of 0..255, in the page: pixels of a canvas and of a file. */
async function differenceFromFile(page: Page, canvas: Uint8Array, address: string, width: number) {
  const file = await page.request.get(new URL(address, stack.web).href);
  const pixels = await sharp(await file.body())
    .resize(width)
    .ensureAlpha()
    .raw()
    .toBuffer();
  expect(pixels).toHaveLength(canvas.length);
  let sum = 0;
  for (const [at, level] of canvas.entries()) sum += Math.abs(level - (pixels[at] ?? 0));
  return sum / canvas.length;
}

describe('options', () => {
  it('are shown at once, run again without an upload, and for the whole batch', async () => {
    const [page] = await visit(stack.web);
    await page.getByRole('checkbox', { name: 'Pencil sketch', exact: true }).uncheck();
    await page.getByRole('checkbox', { name: 'Remove background', exact: true }).check();
    const dialog = await openResult(page, [await jpeg('one.jpg', 2), await jpeg('two.jpg', 3)], /cut-out/i);
    const uploads: string[] = [];
    page.on('request', (request) => {
      if (/\/uploads$|upload_id=/.test(request.url())) uploads.push(request.url());
    });

    await dialog.getByRole('radio', { name: 'Colour' }).check();
    await dialog.locator('input[type=color]').fill('#ff8800');
    await dialog.getByRole('slider', { name: 'Feather' }).fill('9');
    const preview = dialog.getByRole('img', { name: /^Preview/ });
    await preview.waitFor();
    const drawn = () =>
      preview.evaluate((element) => {
        const { width, height } = element as HTMLCanvasElement;
        const context = (element as HTMLCanvasElement).getContext('2d');
        return { width, levels: [...(context?.getImageData(0, 0, width, height).data ?? [])] };
      });
    // Orange in a corner, which is no part of what was drawn.
    await expect.poll(async () => (await drawn()).levels.slice(0, 4)).toEqual([255, 136, 0, 255]);
    const { width, levels } = await drawn();
    await dialog.getByRole('button', { name: 'Run again with these' }).click();

    const again = chip(dialog, /feather 9 · #ff8800/);
    await expect.poll(() => again.getAttribute('aria-pressed'), { timeout: 40_000 }).toBe('true');
    const made = dialog.getByRole('img', { name: /^Cut-out, feather 9 · #ff8800 of one\.jpg/ });
    const address = await made.getAttribute('src', { timeout: 40_000 });
    expect(await differenceFromFile(page, Uint8Array.from(levels), address ?? '', width)).toBeLessThan(1);
    expect(uploads).toEqual([]);

    // Two sets of options of one operation, side by side.
    await dialog.getByLabel('Compare with').selectOption({ label: 'Cut-out, as usual' });
    await dialog
      .getByRole('slider', { name: 'Compare Cut-out, as usual with Cut-out, feather 9 · #ff8800' })
      .waitFor();

    await dialog.getByRole('button', { name: /^Also caption/ }).click();
    await expect
      .poll(() => chip(dialog, 'Caption').getAttribute('aria-pressed'), { timeout: 40_000 })
      .toBe('true');
    await expect.poll(() => dialog.getByRole('blockquote').count(), { timeout: 40_000 }).toBe(1);

    await again.click();
    const forBatch = dialog.getByRole('button', { name: /^The same for the whole batch/ });
    await forBatch.click();
    await dialog.getByRole('button', { name: /^Make it for 2 pictures/ }).click();
    await dialog.getByRole('button', { name: 'Next picture' }).click();
    const other = page.getByRole('dialog', { name: 'two.jpg' });
    await expect.poll(() => chip(other, /feather 9 · #ff8800/).count(), { timeout: 40_000 }).toBe(1);
    await page.keyboard.press('PageUp');
    await page.getByRole('dialog', { name: 'one.jpg' }).waitFor();
  });
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it('works with keys alone at 360 pixels, without motion, and axe finds nothing', async () => {
    const narrow = { width: 360, height: 780 };
    const [page] = await visit(stack.web, { colorScheme, viewport: narrow, reducedMotion: 'reduce' });
    const dialog = await openResult(page, [await jpeg('keys.jpg', 4), await jpeg('more.jpg', 5)], /sketch/i);
    expect(await seriousViolations(page)).toEqual([]);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(narrow.width);

    const tabTo = async (name: RegExp | string, role: 'slider' | 'button') => {
      const target = dialog.getByRole(role, { name }).first();
      for (let presses = 0; presses < 40; presses++) {
        if (await target.evaluate((element) => element === document.activeElement)) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`No Tab leads to ${name}.`);
    };
    await stageOf(dialog).focus();
    await tabTo(/^Compare/, 'slider');
    const before = Number(await compareLine(dialog).inputValue());
    await page.keyboard.press('ArrowRight');
    expect(Number(await compareLine(dialog).inputValue())).toBe(before + 1);
    await tabTo('Zoom in', 'button');
    const percent = await percentOf(dialog);
    await page.keyboard.press('Enter');
    await expect.poll(() => percentOf(dialog)).toBeGreaterThan(percent);
    await tabTo('Original', 'button');
    await page.keyboard.press('Enter');
    expect(await chip(dialog, 'Original').getAttribute('aria-pressed')).toBe('true');
    await stageOf(dialog).focus();
    await page.keyboard.press('0');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('dialog', { name: 'more.jpg' }).waitFor();
  });
});
