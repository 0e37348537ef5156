import { expect, it, onTestFinished, vi } from 'vitest';
import { backoffMs, type Connectivity, pauseBetween } from './backoff.ts';

it('grows to a limit and is spread by chance', () => {
  expect(backoffMs(1, 1)).toBe(600);
  expect(backoffMs(3, 1)).toBe(2_100);
  expect(backoffMs(3, 0)).toBe(100);
  expect(backoffMs(30, 1)).toBe(20_100);
});

/** A network that is switched by the test. */
function network(online: boolean): Connectivity & { comeBack(): void } {
  const listeners: (() => void)[] = [];
  let now = online;
  return {
    isOnline: () => now,
    onceOnline: (listener) => void listeners.push(listener),
    comeBack() {
      now = true;
      for (const listener of listeners) listener();
    },
  };
}

it('waits as long as the machine is offline, and no longer', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const line = network(false);
  let waited = false;
  const pause = pauseBetween(line)(1, new AbortController().signal).then(() => {
    waited = true;
  });
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(waited).toBe(false);
  line.comeBack();
  await pause;
  expect(waited).toBe(true);
});

it('ends when the upload is cancelled', async () => {
  const controller = new AbortController();
  const pause = pauseBetween(network(false))(1, controller.signal);
  controller.abort();
  await pause;
});
