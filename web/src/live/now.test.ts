import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { now } from './now.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('ticks while somebody reads it, and has no timer otherwise', () => {
  vi.stubGlobal('window', {});
  const seen: number[] = [];
  const stop = now.subscribe((time) => seen.push(time));
  vi.advanceTimersByTime(2_000);
  expect(seen.slice(-3)).toEqual([1_000, 2_000, 3_000]);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

it('has no timer on a server', () => {
  now.subscribe(() => {});
  expect(vi.getTimerCount()).toBe(0);
});
