import { afterEach, expect, it, vi } from 'vitest';
import { createFrameBatch, displayClock } from './frame-batch.ts';

function gathering() {
  const frames: (() => void)[] = [];
  const applied: number[][] = [];
  const gather = createFrameBatch<number>((items) => applied.push(items), {
    requestFrame: (run) => void frames.push(run),
  });
  return { frames, applied, gather, sizes: () => applied.map(({ length }) => length) };
}

it('hands over what came within one frame together, and begins again after it', () => {
  const { frames, gather, sizes } = gathering();
  for (let item = 0; item < 200; item += 1) gather(item);
  expect(frames).toHaveLength(1);
  frames.shift()?.();
  gather(200);
  frames.shift()?.();
  expect(sizes()).toEqual([200, 1]);
});

it('does not gather without bound while no frame comes', () => {
  const { frames, applied, gather, sizes } = gathering();
  for (let item = 0; item < 2_500; item += 1) gather(item);
  expect(frames).toHaveLength(1);
  expect(sizes()).toEqual([1_000, 1_000]);
  frames.shift()?.();
  expect(applied.flat()).toEqual(Array.from({ length: 2_500 }, (_, index) => index));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('goes on without the frame of a page that was hidden before it came', () => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', () => 7);
  const cancel = vi.fn();
  vi.stubGlobal('cancelAnimationFrame', cancel);
  const run = vi.fn();
  displayClock.requestFrame(run);
  vi.runAllTimers();
  expect(run).toHaveBeenCalledOnce();
  expect(cancel).toHaveBeenCalledWith(7);
});
