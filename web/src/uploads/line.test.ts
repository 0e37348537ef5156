import { expect, it, onTestFinished, vi } from 'vitest';
import { createLine, type LineSource } from './line.ts';

/** A network that a test switches: what the browser says of it, and whether the site answers. */
function network() {
  const listeners = new Set<() => void>();
  const now = { online: true, answers: true, probes: 0 };
  const source: LineSource = {
    isOnline: () => now.online,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async probe() {
      now.probes += 1;
      return now.answers;
    },
  };
  const set = (change: Partial<typeof now>) => {
    Object.assign(now, change);
    if (change.online !== undefined) for (const listener of listeners) listener();
  };
  return { source, set, now };
}

it('says at once that the browser went offline, and only after an answer that the line is back', async () => {
  const { source, set } = network();
  const line = createLine(source);
  onTestFinished(() => line.close());
  expect(line.state.value).toBe('up');
  set({ online: false });
  expect(line.state.value).toBe('down');
  set({ online: true, answers: true });
  expect(line.state.value).toBe('down');
  await expect.poll(() => line.state.value).toBe('up');
});

it('finds out that nothing gets out although the browser is online, and asks until something does', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { source, set, now } = network();
  const line = createLine(source);
  onTestFinished(() => line.close());
  now.answers = false;
  // Requests that broke together ask once.
  const answers = await Promise.all([line.check(), line.check(), line.check()]);
  expect([answers, now.probes]).toEqual([['down', 'down', 'down'], 1]);
  let back = false;
  const waiting = line.untilUp(new AbortController().signal).then(() => {
    back = true;
  });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(back).toBe(false);
  // Ever less often: at most every 15 s.
  expect(now.probes).toBeLessThan(50);
  set({ answers: true });
  await vi.advanceTimersByTimeAsync(15_000);
  await waiting;
  expect(line.state.value).toBe('up');
  await vi.advanceTimersByTimeAsync(600_000);
  const probes = now.probes;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(now.probes).toBe(probes);
});

it('lets go of who waits and is cancelled', async () => {
  const { source } = network();
  const line = createLine({ ...source, isOnline: () => false });
  onTestFinished(() => line.close());
  const controller = new AbortController();
  const waiting = line.untilUp(controller.signal);
  controller.abort();
  await waiting;
});
