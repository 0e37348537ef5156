const baseMs = 500;
const capMs = 20_000;

/** Exponential backoff with full jitter, so that many pages that lost the same server do not return together. */
export function backoffMs(failures: number, random: number): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** (failures - 1))) + 100;
}

/** What of the browser the pause needs: handed in, so that it can be tested without one. */
export interface Connectivity {
  isOnline(): boolean;
  onceOnline(listener: () => void, signal: AbortSignal): void;
}

/**
 * Waits before the next try. The network's return ends the wait at once, and while the machine knows itself to be
 * offline it does not end at all: such time is no reason to give up.
 */
export function pauseBetween(connectivity: Connectivity) {
  return async (failures: number, signal: AbortSignal): Promise<void> => {
    const settled = new AbortController();
    const ended = AbortSignal.any([signal, settled.signal]);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(
        () => {
          if (connectivity.isOnline()) resolve();
        },
        backoffMs(failures, Math.random()),
      );
      connectivity.onceOnline(resolve, ended);
      ended.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    settled.abort();
  };
}

/** The browser's own idea of being online. */
export const browserConnectivity: Connectivity = {
  isOnline: () => navigator.onLine,
  onceOnline: (listener, signal) => addEventListener('online', listener, { once: true, signal }),
};
