import type { launchBrowser } from '@spillway/tests/browser.ts';

export type Browser = Awaited<ReturnType<typeof launchBrowser>>;
export type BrowserContext = Awaited<ReturnType<Browser['newContext']>>;
export type Page = Awaited<ReturnType<BrowserContext['newPage']>>;
type CDPSession = Awaited<ReturnType<BrowserContext['newCDPSession']>>;

/** What the browser itself noted down of a page since it was opened. */
export interface BrowserFigures {
  /** Sum of the shifts that followed no input. @see https://web.dev/articles/cls */
  layoutShift: number;
  /** Tasks over 50 ms. */
  longTasks: number;
  longestTaskMs: number;
  /** From an input to the next paint, at most, in steps of 8 ms. */
  interactionMs: number;
}

/** Runs in the page before its own code. */
const noteDown = `{
  const figures = { layoutShift: 0, longTasks: 0, longestTaskMs: 0, interactionMs: 0 };
  window.browserFigures = figures;
  const watch = (type, note, more) => new PerformanceObserver((list) => list.getEntries().forEach(note))
    .observe({ type, buffered: true, ...more });
  watch('layout-shift', (entry) => {
    if (!entry.hadRecentInput) figures.layoutShift += entry.value;
  });
  watch('longtask', ({ duration }) => {
    figures.longTasks += 1;
    figures.longestTaskMs = Math.max(figures.longestTaskMs, Math.round(duration));
  });
  watch('event', ({ duration, interactionId }) => {
    if (interactionId) figures.interactionMs = Math.max(figures.interactionMs, duration);
  }, { durationThreshold: 16 });
}`;

export async function noteFigures(page: Page): Promise<void> {
  await page.addInitScript(noteDown);
}

export function figuresOf(page: Page): Promise<BrowserFigures> {
  return page.evaluate('browserFigures');
}

/** Forgets what was noted down so far. */
export async function forgetFigures(page: Page): Promise<void> {
  await page.evaluate(
    'Object.assign(browserFigures, { layoutShift: 0, longTasks: 0, longestTaskMs: 0, interactionMs: 0 })',
  );
}

/** Megabytes of JavaScript's heap that are in use. */
export async function heapMB(devtools: CDPSession, collectFirst: boolean): Promise<number> {
  if (collectFirst) await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  return usedSize / 2 ** 20;
}
