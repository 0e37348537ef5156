const baseMs = 500;
const capMs = 20_000;

/** Exponential backoff with full jitter, so that many pages that lost the same server do not return together. */
export function backoffMs(failures: number, random: number): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** (failures - 1))) + 100;
}

/** The part of the browser that a pause needs. It is a parameter for the tests. */
export interface Connectivity {
  isOnline(): boolean;
  onceOnline(listener: () => void, signal: AbortSignal): void;
}

/**
 * Waits before the next try. The return of the network ends the wait at once. While the machine is offline the wait
 * does not end, because that is no reason to give up.
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

/** Whether the browser considers itself online. */
export const browserConnectivity: Connectivity = {
  isOnline: () => navigator.onLine,
  onceOnline: (listener, signal) => addEventListener('online', listener, { once: true, signal }),
};

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
