import { describe, expect, it } from 'vitest';
import { seededCounts } from '../testing/seeded-counts.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import { ewma } from './ewma.ts';
import { holtWinters } from './holt-winters.ts';
import { lastValue } from './last-value.ts';
import { learnedModel } from './learned.ts';
import type { SeriesModel } from './series-model.ts';

/** The state after counts of minutes in a row; null stands for a minute without one. */
function stateAfter<State>(
  model: SeriesModel<State>,
  counts: readonly (number | null)[],
  from: State | null = null,
): State {
  let state = from;
  let missed = 0;
  for (const [minute, count] of counts.entries()) {
    if (count === null) missed++;
    else {
      state = model.observe(state, count, { minute, missed });
      missed = 0;
    }
  }
  if (state === null) throw new Error('Nothing was counted.');
  return state;
}

/** The mean absolute error of forecasts so many minutes ahead, from the minute `from` on. */
function errorOf<State>(model: SeriesModel<State>, counts: readonly number[], ahead: number, from: number) {
  let state: State | null = null;
  let error = 0;
  let judged = 0;
  for (const [minute, count] of counts.entries()) {
    state = model.observe(state, count, { minute, missed: 0 });
    const target = counts[minute + ahead];
    if (target === undefined || minute + ahead < from) continue;
    error += Math.abs(target - model.expected(state, minute, ahead));
    judged++;
  }
  return error / judged;
}

const day = 1_440;
/** 10 to 250 arrivals a minute, a day's sine. */
const sine = (minute: number) => 130 - 120 * Math.cos((2 * Math.PI * minute) / day);

describe('the last value', () => {
  it('is what is expected', () => {
    expect(lastValue.expected(stateAfter(lastValue, [3, 9, 4]), 2, 15)).toBe(4);
  });
});

describe('the exponentially weighted mean', () => {
  it('finds a constant rate within a tenth', () => {
    const counts = seededCounts(500, () => 400);
    expect(ewma(0.1).expected(stateAfter(ewma(0.1), counts), 499, 5) / 400).toBeCloseTo(1, 1);
  });

  it('follows a step: nine tenths of it within the minutes that the weight says', () => {
    const counts = [...new Array(50).fill(10), ...new Array(11).fill(110)];
    // 1 - 0.8^11 = 0.914.
    expect(ewma(0.2).expected(stateAfter(ewma(0.2), counts), 60, 1)).toBeCloseTo(10 + 91.4, 0);
  });

  it('gives the count after a gap the weight of the minutes that are missing', () => {
    const after = (counts: (number | null)[]) => stateAfter(ewma(0.2), counts).level;
    expect(after([10, null, null, 50])).toBeCloseTo(after([10, 50, 50, 50]), 9);
  });
});

describe.each([
  ['Holt-Winters', holtWinters() as SeriesModel<unknown>],
  ['the learned model', learnedModel() as SeriesModel<unknown>],
])('%s', (_, model) => {
  it('finds a constant rate within a tenth, also before a day was seen', () => {
    const counts = seededCounts(300, () => 100);
    for (const ahead of [1, 5, 15]) {
      const expected = model.expected(stateAfter(model, counts), 299, ahead);
      expect(expected).toBeGreaterThan(90);
      expect(expected).toBeLessThan(110);
    }
  });

  it('recovers a day’s curve: 15 minutes ahead within 1.3 times the noise, which the last value is not', () => {
    const counts = seededCounts(4 * day, sine);
    // Mean absolute deviation of Poisson's counts around the known curve.
    const noise = counts.slice(3 * day).reduce((sum, count, at) => sum + Math.abs(count - sine(at)), 0) / day;
    expect(errorOf(model, counts, 15, 3 * day)).toBeLessThan(1.3 * noise);
    expect(errorOf(lastValue, counts, 15, 3 * day)).toBeGreaterThan(1.3 * noise);
  });

  it('forecasts nothing like a burst that is over', () => {
    const counts = seededCounts(2_000, (minute) => (minute >= 1_000 && minute < 1_003 ? 600 : 20));
    expect(model.expected(stateAfter(model, counts), 1_999, 5)).toBeLessThan(40);
  });

  it('bridges gaps: a curve with every third hour missing is forecast within a third', () => {
    const counts = seededCounts(3 * day + 360, sine).map((count, minute) =>
      Math.floor(minute / 60) % 3 === 1 ? null : count,
    );
    const last = counts.length - 1;
    const expected = model.expected(stateAfter(model, counts), last, 15);
    expect(expected / sine(last + 15)).toBeGreaterThan(0.67);
    expect(expected / sine(last + 15)).toBeLessThan(1.33);
  });

  it('stays finite, within its schema and of a bounded size on garbage', () => {
    const random = seededRandom(7);
    let [size, least, most] = [0, 0, 0];
    let state: unknown = null;
    let minute = 0;
    for (let index = 0; index < 3_000; index++) {
      const missed = random() < 0.05 ? Math.floor(random() * 5_000) : 0;
      minute += 1 + missed;
      const count = random() < 0.1 ? 1e7 : random() < 0.5 ? 0 : Math.floor(random() * 100);
      state = model.observe(state, count, { minute, missed });
      for (const ahead of [1, 15, 75]) {
        const expected = model.expected(state, minute, ahead);
        least = Math.min(least, expected);
        most = Math.max(most, expected);
      }
      if (index % 100 === 0) size = Math.max(size, JSON.stringify(state).length);
    }
    expect(least).toBe(0);
    expect(most).toBeLessThan(1e9);
    expect(model.stateSchema.parse(state)).toEqual(state);
    expect(size).toBeLessThan(8_000);
  });
});

it('Holt-Winters has no curve before a day’s worth of minutes, and one from then on', () => {
  const model = holtWinters();
  const counts = seededCounts(day, sine);
  expect(stateAfter(model, counts.slice(0, day - 1)).season).toBeNull();
  const { season, firstDay } = stateAfter(model, counts);
  expect(firstDay).toBeNull();
  expect(season?.reduce((sum, factor) => sum + factor, 0)).toBeCloseTo(96, 6);
  expect(season?.[48]).toBeGreaterThan(2 * (season?.[0] ?? 0));
});
