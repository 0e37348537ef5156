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

/** Most milliseconds that are added by chance. */
const spreadMs = 500;

/**
 * Waits as long as a server has asked for, and a little by chance, so that what was refused together does not return
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
