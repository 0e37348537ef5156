import { describe, expect, it } from 'vitest';
import { randomStream } from './random.ts';
import {
  confidence95,
  mean,
  pairedDifference,
  pairedRatio,
  quantileOfSorted,
  variance,
} from './statistics.ts';

describe('statistics', () => {
  it('finds quantiles by nearest rank', () => {
    const values = [15, 20, 35, 40, 50];
    expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => quantileOfSorted(values, share))).toEqual([
      15, 20, 20, 35, 50,
    ]);
    expect(quantileOfSorted([], 0.5)).toBeNaN();
  });

  it('gives the interval that a table gives', () => {
    // t(0.975, 4) = 2.776; mean 3, standard deviation 1.5811 over the root of 5.
    const { mean: middle, low, high } = confidence95([1, 2, 3, 4, 5]);
    expect(middle).toBe(3);
    expect(high - middle).toBeCloseTo((2.776 * Math.sqrt(2.5)) / Math.sqrt(5), 3);
    expect(middle - low).toBeCloseTo(high - middle, 12);
    expect(confidence95([7])).toEqual({ mean: 7, low: 7, high: 7 });
    expect(variance([3])).toBe(0);
    expect(mean([1, 2, 6])).toBe(3);
  });

  it('covers the truth in about 95 of 100 cases', () => {
    const random = randomStream(5, 'coverage');
    let covered = 0;
    for (let trial = 0; trial < 4_000; trial++) {
      const { low, high } = confidence95(Array.from({ length: 6 }, () => 10 + random.normal()));
      if (low <= 10 && 10 <= high) covered++;
    }
    expect(covered / 4_000).toBeGreaterThan(0.94);
    expect(covered / 4_000).toBeLessThan(0.96);
  });

  it('compares seed by seed, so that what both share does not blur the difference', () => {
    const theirs = [10, 50, 200];
    const ours = theirs.map((value) => value + 1);
    expect(pairedDifference(ours, theirs)).toEqual({ mean: 1, low: 1, high: 1 });
    const doubled = pairedRatio(
      theirs.map((value) => 2 * value),
      theirs,
    );
    expect(doubled.mean).toBeCloseTo(2, 12);
    expect(doubled.high).toBeCloseTo(2, 12);
    expect(pairedRatio([0, 1], [1, 1]).mean).toBeNaN();
    expect(() => pairedDifference([1], [1, 2])).toThrow(RangeError);
  });
});
