import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@spillway/emulators/stack.ts';
import { launchBrowser } from '../tests/browser.ts';
import { drawPhoto } from './photos.ts';
import { quantile } from './quantile.ts';

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>['newPage']>>;

/** As of a telephone: 12 megapixels. */
const photo = { width: 4_000, height: 3_000, seed: 3 };
const window = { width: 1_440, height: 900 };
const times = 20;

interface Row {
  what: string;
  count: number;
  /** Milliseconds. */
  median: number;
  worst: number;
}

interface WorkbenchReport {
  /** From the key, press or release to the next paint. */
  interactions: Row[];
  /** From one frame to the next. */
  frames: Row[];
}

/**
 * How soon the workbench shows what a person does, on a photograph of 12 megapixels: keys and presses by the browser's
 * entries of Event Timing, which leave out wheels and moves of a pointer; for these, the time between frames.
 * @see https://www.w3.org/TR/event-timing/
 */
export async function workbench({ json = false }: { json?: boolean }): Promise<WorkbenchReport> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-bench-'));
  const size = { vms: 1, slots: 1, runMax: 0 };
  const where = { reset: true, directory, fixedPorts: {}, anyPorts: true };
  const stack = await startStack({ engine: 'embedded' as const, ...size, ...where }, () => {});
  const browser = await launchBrowser();
  try {
    const file = join(directory, 'photo.jpg');
    await drawPhoto(photo.width, photo.height, photo.seed, file);
    const page = await browser.newPage({ viewport: window });
    await openCutOut(page, stack.web, file);
    const report = { interactions: await interactionsOf(page), frames: await framesOf(page) };
    print(report, json);
    return report;
  } finally {
    await browser.close();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function openCutOut(page: Page, site: string, file: string): Promise<void> {
  await page.goto(site);
  await page.locator('astro-island:not([ssr])').first().waitFor({ state: 'attached' });
  await page.getByRole('checkbox', { name: 'Remove background', exact: true }).check();
  await page.locator('input[type=file]').first().setInputFiles(file);
  await page
    .getByRole('button', { name: /^Open / })
    .first()
    .click({ timeout: 60_000 });
  const dialog = page.getByRole('dialog', { name: 'photo.jpg' });
  await dialog.getByRole('button', { name: 'Cut-out' }).click();
  await dialog.getByRole('slider', { name: /^Compare Original/ }).waitFor({ timeout: 60_000 });
  // A first change loads the mask; from then on changes are drawn in the page.
  await dialog.getByRole('slider', { name: 'Feather' }).fill('5');
  await dialog.getByRole('img', { name: /^Preview/ }).waitFor({ timeout: 60_000 });
  // Opening a picture is not what is measured.
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode().catch(() => {}))));
  await settled(page);
}

/** Waits until what was done is painted. */
const settled = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<void>((done) =>
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))),
      ),
  );

async function interactionsOf(page: Page): Promise<Row[]> {
  const dialog = page.getByRole('dialog');
  const stage = dialog.locator('.wb-stage');
  const press = async (...keys: string[]) => {
    for (let each = 0; each < times; each++) await page.keyboard.press(keys[each % keys.length] ?? '');
  };
  const rows: Row[] = [];
  const measure = async (what: string, act: () => Promise<void>) => {
    rows.push(rowOf(what, await interactionsDuring(page, act)));
  };

  await stage.focus();
  await measure('zoom, keys', () => press('+', '+', '-', '-'));
  await page.keyboard.press('1');
  await measure('pan, keys', () => press('ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown'));
  await measure('pan, dragging', async () => {
    for (let each = 0; each < times; each++) await drag(page, each % 2 === 0 ? 200 : -200);
  });
  await page.keyboard.press('0');
  await measure('zoom, buttons', async () => {
    for (let each = 0; each < times; each++) {
      await dialog.getByRole('button', { name: each % 2 === 0 ? 'Zoom in' : 'Zoom out' }).click();
    }
  });
  await dialog.getByRole('slider', { name: /^Compare/ }).focus();
  await measure('compare, keys', () => press('ArrowRight', 'ArrowRight', 'ArrowLeft'));
  await dialog.getByRole('radio', { name: 'Transparent' }).focus();
  await measure('background, keys', () => press('ArrowRight', 'ArrowLeft'));
  await dialog.getByRole('slider', { name: 'Feather' }).focus();
  await measure('feather, keys', () => press('ArrowRight'));
  return rows;
}

/** Wheel and dragging, which Event Timing leaves out. */
async function framesOf(page: Page): Promise<Row[]> {
  const { x, y } = await middleOf(page);
  await page.mouse.move(x - 100, y - 100);
  const wheel = await framesDuring(page, async () => {
    for (let each = 0; each < times; each++) await page.mouse.wheel(0, each < times / 2 ? -120 : 120);
  });
  const line = await framesDuring(page, async () => {
    await page.mouse.move(x, y + 60);
    await page.mouse.down();
    for (let each = 0; each < times; each++) await page.mouse.move(x + each * 10, y + 60);
    await page.mouse.up();
  });
  return [rowOf('zoom, wheel', wheel), rowOf('compare, dragging', line)];
}

/** Off the line in the middle of the stage, which would be dragged itself. */
async function drag(page: Page, by: number): Promise<void> {
  const { x, y } = await middleOf(page);
  await page.mouse.move(x - 150, y);
  await page.mouse.down();
  for (let step = 1; step <= 4; step++) await page.mouse.move(x - 150 + (by * step) / 4, y);
  await page.mouse.up();
}

async function middleOf(page: Page): Promise<{ x: number; y: number }> {
  const box = await page.locator('.wb-stage').boundingBox();
  if (!box) throw new Error('There is no stage.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** The durations of the interactions while something is done. The browser reports none below 16 ms. */
async function interactionsDuring(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(() => {
    const seen = new Map<number, number>();
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEventTiming & { interactionId: number })[]) {
        if (entry.interactionId === 0) continue;
        seen.set(entry.interactionId, Math.max(entry.duration, seen.get(entry.interactionId) ?? 0));
      }
    });
    observer.observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
    Object.assign(globalThis, { measured: { seen, observer } });
  });
  await act();
  await settled(page);
  return await page.evaluate(() => {
    const { seen, observer } = (
      globalThis as unknown as { measured: { seen: Map<number, number>; observer: PerformanceObserver } }
    ).measured;
    observer.disconnect();
    return [...seen.values()];
  });
}

/** The times between the frames while something is done. */
async function framesDuring(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(() => {
    const frames: number[] = [];
    const note = (at: number) => {
      frames.push(at);
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
    Object.assign(globalThis, { frames });
  });
  await act();
  await settled(page);
  return await page.evaluate(() => {
    const { frames } = globalThis as unknown as { frames: number[] };
    return frames.slice(1).map((at, index) => at - (frames[index] ?? at));
  });
}

function rowOf(what: string, durations: number[]): Row {
  return { what, count: durations.length, median: quantile(durations, 0.5), worst: Math.max(...durations) };
}

function print({ interactions, frames }: WorkbenchReport, json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ interactions, frames }, null, 2));
    return;
  }
  const line = ({ what, count, median, worst }: Row) =>
    `${what.padEnd(20)} ${String(count).padStart(5)} ${median.toFixed(0).padStart(8)} ${worst.toFixed(0).padStart(8)}`;
  console.log(`milliseconds to the next paint   median    worst\n${interactions.map(line).join('\n')}`);
  console.log(`\nmilliseconds between frames      median    worst\n${frames.map(line).join('\n')}`);
}
