import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for work, but no longer than `ms` milliseconds. The work itself goes on.
 * @returns Whether it was done in time, and without an error.
 */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const limit = new AbortController();
  const late = delay(ms, false, { signal: limit.signal }).catch(() => false);
  const done = work.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    limit.abort();
  }
}
