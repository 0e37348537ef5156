import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startStack } from '@spillway/emulators/stack.ts';
import { drawnJpeg } from '@spillway/tests/pictures.ts';
import { type Browser, figuresOf, heapMB, noteFigures } from './browser-figures.ts';

const files = 190;

/** A drop of 190 small files on a stack of the embedded engine, watched until the last of them is done. */
export async function measureDrop(browser: Browser, folder: string) {
  const stack = await startStack(
    {
      engine: 'embedded',
      vms: 2,
      slots: 1,
      runMax: 2,
      reset: true,
      directory: join(folder, 'stack'),
      fixedPorts: {},
      anyPorts: true,
    },
    () => {},
  );
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  try {
    const page = await context.newPage();
    await noteFigures(page);
    await page.goto(stack.web);
    await page.waitForFunction(() => !document.querySelector('astro-island[ssr]'));
    const picked = await Promise.all(
      Array.from({ length: files }, async (_, index) => ({
        name: `drop-${String(index).padStart(3, '0')}.jpg`,
        mimeType: 'image/jpeg',
        buffer: await drawnJpeg(index, 640, 480),
      })),
    );
    const started = performance.now();
    await page.locator('input[type=file]').setInputFiles(picked);
    const shown: string[][] = [];
    for (;;) {
      shown.push(await page.locator('.card-name').allTextContents());
      if ((await page.getByText('All done').count()) > 0) break;
      await delay(500);
    }
    const seconds = (performance.now() - started) / 1_000;
    const devtools = await context.newCDPSession(page);
    const inOrder = shown.every((names) => names.every((name, place) => name === picked[place]?.name));
    return { files, seconds, inOrder, heapMB: await heapMB(devtools, true), ...(await figuresOf(page)) };
  } finally {
    await context.close();
    await stack.stop();
  }
}
