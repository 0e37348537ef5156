import { expect, it } from 'vitest';
import { createLanes } from './lanes.ts';

it('runs at most so many at once, in order, and survives a task that fails', async () => {
  const inLane = createLanes(2);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const task = (index: number) =>
    inLane(async () => {
      started.push(index);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      if (index === 1) throw new Error('This one fails.');
    });
  const outcomes = await Promise.allSettled([0, 1, 2, 3, 4].map(task));
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
});
