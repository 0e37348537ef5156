import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';

/** A page, or a state of one, as a person comes to it. */
export interface Look {
  name: string;
  url: string;
  /** Cookies and what the browser keeps, of the person whose page it is. */
  storage?: Awaited<ReturnType<BrowserContext['storageState']>>;
  /** Does what brings the page into its state. It waits for what it has done. */
  prepare?(page: Page): Promise<unknown>;
}

const widths = [360, 1_440, 1_920];
const themes = ['light', 'dark'] as const;

/** Makes a picture of each look in three widths and both themes: `<name>-<width>-<theme>.png`. */
export async function takePictures(browser: Browser, looks: readonly Look[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const look of looks) {
    for (const width of widths) {
      for (const theme of themes) {
        const name = `${look.name}-${width}-${theme}`;
        try {
          await takePicture(browser, look, { width, theme, path: join(folder, `${name}.png`) });
        } catch (error) {
          throw new Error(`The picture ${name} could not be made.`, { cause: error });
        }
      }
    }
  }
}

async function takePicture(
  browser: Browser,
  { url, storage, prepare }: Look,
  { width, theme, path }: { width: number; theme: (typeof themes)[number]; path: string },
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 780 : 1_000 },
    colorScheme: theme,
    reducedMotion: 'reduce',
    ...(storage ? { storageState: storage } : {}),
  });
  try {
    const page = await context.newPage();
    await page.goto(url);
    await page.locator('astro-island[ssr]').first().waitFor({ state: 'detached' });
    await prepare?.(page);
    await imagesAreShown(page);
    // A dialog is as large as the window, whatever is behind it.
    const fullPage = (await page.locator('dialog:modal').count()) === 0;
    await page.screenshot({ path, fullPage });
  } finally {
    await context.close();
  }
}

/** Waits for the images that the page has asked for; one that cannot be had does not hold the picture up. */
async function imagesAreShown(page: Page): Promise<void> {
  const loading = async () =>
    (await page.evaluate('[...document.images].filter((image) => !image.complete).length')) as number;
  for (let tries = 0; tries < 50 && (await loading()) > 0; tries++) await page.waitForTimeout(100);
}
