import { expect, it } from 'vitest';
import { seededRandom } from '../testing/seeded-random.ts';
import {
  addHistogram,
  countIn,
  emptyHistogram,
  type Histogram,
  histogramOf,
  histogramText,
  observe,
  quantileIn,
  relativeError,
} from './histogram.ts';

function histogramOfAll(values: readonly number[]): Histogram {
  const histogram = emptyHistogram();
  for (const value of values) observe(histogram, value);
  return histogram;
}

const random = seededRandom(7);
/** From a millisecond to some hours. */
const durations = Array.from({ length: 5_000 }, () => Math.exp(random() * 16));

it.each([0.01, 0.5, 0.95, 0.99, 1])('has the quantile %d within its relative error', (share) => {
  const sorted = durations.toSorted((a, b) => a - b);
  const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  const found = quantileIn(histogramOfAll(durations), share) ?? 0;
  expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(relativeError + 1e-9);
  expect(relativeError).toBeLessThan(0.045);
});

it('is the same whether it was counted in one place or in several that were added', () => {
  const parts = [durations.slice(0, 1_000), durations.slice(1_000, 1_001), durations.slice(1_001)];
  const sum = emptyHistogram();
  for (const part of parts) addHistogram(sum, histogramOfAll(part));
  expect(sum).toEqual(histogramOfAll(durations));
  expect(countIn(sum)).toBe(durations.length);
});

it.each([
  [[], ''],
  [[0, 0.5, 1, -3, Number.NaN], '5'],
  [[2, 2, 4], '@7:2,,,,,,,,1'],
  [[0, 1.05], '1@0:1'],
])('of %j is the text %j, and back', (values, text) => {
  const histogram = histogramOfAll(values);
  expect(histogramText(histogram)).toBe(text);
  expect(histogramOf(text)).toEqual(histogram);
});

it('survives every text and every duration', () => {
  expect(histogramOf(histogramText(histogramOfAll(durations)))).toEqual(histogramOfAll(durations));
  for (const text of ['x', '1@', '@x:1', '@999:1', '1@2:3,x', '@1:1.5']) {
    expect(countIn(histogramOf(text)), text).toBe(0);
  }
  expect(quantileIn(histogramOfAll([Number.POSITIVE_INFINITY, 1e300]), 0.5)).toBeGreaterThan(2e9);
  expect(quantileIn(emptyHistogram(), 0.5)).toBeNull();
  expect(quantileIn(histogramOfAll([0, 0]), 0.5)).toBe(1);
});
