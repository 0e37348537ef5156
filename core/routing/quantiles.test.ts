import { describe, expect, it } from 'vitest';
import { seededRandom } from '../testing/seeded-random.ts';
import { asLogNormal, mergeQuantiles, quantile, RecentValues } from './quantiles.ts';

function recent(...values: number[]): RecentValues {
  const seen = new RecentValues();
  for (const value of values) seen.add(value);
  return seen;
}

const times = (count: number, value: number) => new Array<number>(count).fill(value);

describe('quantiles', () => {
  it('are values that were observed', () => {
    const oneToTen = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(quantile(oneToTen, 0.5)).toBe(5);
    expect(quantile(oneToTen, 0.9)).toBe(9);
    expect(quantile([7], 0.9)).toBe(7);
    expect(quantile([], 0.5)).toBeUndefined();
  });

  it('say nothing while nothing was observed', () => {
    expect(recent().quantiles()).toBeNull();
    expect(recent(3).quantiles()).toEqual({ p50: 3, p90: 3, count: 1 });
  });

  it('follow a change: the upper one within a tenth of the window, the middle one within half of it', () => {
    const seen = recent(...times(64, 1), ...times(6, 10));
    expect(seen.quantiles()).toEqual({ p50: 1, p90: 1, count: 64 });
    seen.add(10);
    expect(seen.quantiles()).toEqual({ p50: 1, p90: 10, count: 64 });
    for (const value of times(25, 10)) seen.add(value);
    expect(seen.quantiles()?.p50).toBe(1);
    seen.add(10);
    expect(seen.quantiles()?.p50).toBe(10);
  });

  it('do not depend on the order of what was observed', () => {
    expect(recent(5, 1, 4, 2, 3).quantiles()).toEqual(recent(1, 2, 3, 4, 5).quantiles());
  });
});

describe('figures of several observers', () => {
  it('are weighted by how much each has seen', () => {
    const merged = mergeQuantiles([
      { p50: 1, p90: 2, count: 30 },
      { p50: 5, p90: 10, count: 10 },
    ]);
    expect(merged).toEqual({ p50: 2, p90: 4, count: 40 });
  });

  it('are none where none of them has seen anything', () => {
    expect(mergeQuantiles([])).toBeNull();
    expect(mergeQuantiles([{ p50: 9, p90: 9, count: 0 }])).toBeNull();
  });
});

describe('mean and spread', () => {
  it('are those of the log-normal distribution with these quantiles', () => {
    // sigma = ln 2 / 1.2816 = 0.54085; mean = 100 e^(sigma² / 2); spread = mean √(e^(sigma²) - 1).
    const { mean, spread } = asLogNormal({ p50: 100, p90: 200, count: 9 });
    expect(mean).toBeCloseTo(115.75, 2);
    expect(spread).toBeCloseTo(67.47, 2);
  });

  it('agree with a sample of that distribution', () => {
    const random = seededRandom(1);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const sample = Array.from({ length: 50_000 }, () => 300 * Math.exp(0.4 * normal()));
    const sorted = sample.toSorted((a, b) => a - b);
    const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
    const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sample.length;
    const figures = {
      p50: quantile(sorted, 0.5) ?? 0,
      p90: quantile(sorted, 0.9) ?? 0,
      count: sample.length,
    };
    const estimate = asLogNormal(figures);
    expect(estimate.mean / mean).toBeCloseTo(1, 2);
    expect(estimate.spread / Math.sqrt(variance)).toBeCloseTo(1, 1);
  });

  it('have no spread where the quantiles are one, and bear a tail that is beyond belief', () => {
    expect(asLogNormal({ p50: 100, p90: 100, count: 9 })).toEqual({ mean: 100, spread: 0 });
    expect(asLogNormal({ p50: 0, p90: 0, count: 9 })).toEqual({ mean: 0, spread: 0 });
    // The standard deviation of the logarithm is held at 1.5.
    expect(asLogNormal({ p50: 1, p90: 1e9, count: 9 }).mean).toBeCloseTo(Math.exp(1.125), 6);
  });
});
