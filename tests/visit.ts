import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { launchBrowser } from './browser.ts';

type ContextOptions = Parameters<Browser['newContext']>[0];

/** A browser for the tests of one file. What it returns opens a page as a visitor of their own. */
export function openBrowser(): (url: string, options?: ContextOptions) => Promise<[Page, BrowserContext]> {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  return async (url, options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    onTestFinished(async () => {
      await context.close();
      // No page may log an error, whatever the test was about.
      expect(errors).toEqual([]);
    });
    await page.goto(url);
    await isAlive(page);
    return [page, context];
  };
}

/** Waits until the page's code has taken over what the server sent. */
export async function isAlive(page: Page): Promise<void> {
  await expect.poll(() => page.locator('astro-island[ssr]').count()).toBe(0);
}
