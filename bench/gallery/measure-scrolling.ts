import { type Browser, figuresOf, forgetFigures, heapMB, noteFigures, type Page } from './browser-figures.ts';
import { withSeededBatch } from './with-seeded-batch.ts';

const pictures = 500;
/** Pixels of one turn of the wheel: quicker than a person reads. */
const turn = 600;

/** 500 pictures with 1,500 results: loaded, scrolled to the end and back by the wheel, and tabs pressed. */
export async function measureScrolling(browser: Browser, photo: Buffer) {
  return await withSeededBatch(browser, photo, pictures, async ({ site, context }) => {
    const page = await context.newPage();
    await noteFigures(page);
    const devtools = await context.newCDPSession(page);
    const started = performance.now();
    await page.goto(site.url);
    const last = page.getByRole('listitem').first();
    await last.waitFor();
    await page.waitForFunction(() => !document.querySelector('.card.empty'));
    const loadedMs = Math.round(performance.now() - started);
    await forgetFigures(page);
    let mostHeapMB = 0;
    let mostElements = 0;
    const look = async () => {
      mostHeapMB = Math.max(mostHeapMB, await heapMB(devtools, false));
      mostElements = Math.max(mostElements, await page.evaluate('document.getElementsByTagName("*").length'));
    };
    for (const direction of [1, -1]) {
      while (!(await isAtEnd(page, direction))) {
        await page.mouse.wheel(0, direction * turn);
        await nextPaint(page);
        await look();
      }
    }
    for (const name of ['Caption, done', 'Cut-out, done', 'Original']) {
      await page.getByRole('tab', { name }).first().click();
      await nextPaint(page);
    }
    const figures = await figuresOf(page);
    return {
      pictures,
      results: pictures * 3,
      loadedMs,
      mostHeapMB,
      mostElements,
      heapMB: await heapMB(devtools, true),
      ...figures,
    };
  });
}

async function isAtEnd(page: Page, direction: number): Promise<boolean> {
  return await page.evaluate(
    direction > 0 ? 'scrollY + innerHeight >= document.documentElement.scrollHeight - 1' : 'scrollY <= 0',
  );
}

async function nextPaint(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}
