import type { Line } from './line.ts';

const baseMs = 500;
const capMs = 20_000;

/** Exponential backoff with full jitter, so that many pages that lost the same server do not return together. */
export function backoffMs(failures: number, random: number): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** (failures - 1))) + 100;
}

/** What a pause was for. What the line broke does not count as a failure of the server. */
export type Paused = 'waited' | 'line_was_down';

/**
 * Waits before the next try. While the page does not reach the site the wait does not end, because that is no reason to
 * give up; it ends once the site answers.
 */
export function pauseBetween(line: Pick<Line, 'check' | 'untilUp'>) {
  return async (failures: number, signal: AbortSignal): Promise<Paused> => {
    if ((await line.check()) === 'down') {
      await line.untilUp(signal);
      return 'line_was_down';
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, backoffMs(failures, Math.random()));
      const stop = () => {
        clearTimeout(timer);
        resolve();
      };
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
    });
    return 'waited';
  };
}

/** The most jitter, in milliseconds. */
const spreadMs = 500;

/**
 * Waits as long as a server has asked for, plus jitter, so that requests that were refused together do not return
 * together. Throws the signal's reason when cancelled.
 */
export async function waitAsAsked(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms + Math.random() * spreadMs);
  const stop = () => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  await promise.finally(() => signal.removeEventListener('abort', stop));
}
