import { expect, test } from 'vitest';
import { runGenerated } from './testing/hostile/run-generated.ts';
import { defects, summarize } from './testing/hostile/summary.ts';

test('5,000 hostile files stop no child, take no more than their memory and none is our fault', async () => {
  const outcomes = await runGenerated(2, 5_000);
  console.log(summarize(outcomes));
  expect(outcomes).toHaveLength(5_000);
  expect(defects(outcomes)).toEqual([]);
  expect(Math.max(...outcomes.map(({ peakBytes }) => peakBytes ?? 0))).toBeLessThan(1_200e6);
});
