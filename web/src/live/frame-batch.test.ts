import { expect, it } from 'vitest';
import { createFrameBatch } from './frame-batch.ts';

it('hands over what came within one frame together, and starts anew after it', () => {
  const frames: (() => void)[] = [];
  const applied: number[][] = [];
  const gather = createFrameBatch<number>((items) => applied.push(items), {
    requestFrame: (run) => void frames.push(run),
  });
  for (let item = 0; item < 200; item += 1) gather(item);
  expect(frames).toHaveLength(1);
  frames.shift()?.();
  gather(200);
  frames.shift()?.();
  expect(applied.map(({ length }) => length)).toEqual([200, 1]);
});
