import { describe, expect, it } from 'vitest';
import { type OperationName, operationNames } from '../operations.ts';
import { seededCounts } from '../testing/seeded-counts.ts';
import { arrivalsForecaster } from './arrivals-forecaster.ts';
import { ewma } from './ewma.ts';
import {
  createForecaster,
  type Forecaster,
  type ForecastState,
  type MinuteOfArrivals,
  minuteOf,
} from './forecaster.ts';
import { lastValue } from './last-value.ts';

const sketches = (minute: number, count: number, workMs = count * 200): MinuteOfArrivals => ({
  minute,
  byOperation: { sketch: { count, workMs } },
});

function after<Series>(forecaster: Forecaster<Series>, minutes: MinuteOfArrivals[]): ForecastState<Series> {
  return minutes.reduce((state, minute) => forecaster.observe(state, minute), forecaster.initial);
}

const last = createForecaster(lastValue);
const day = 1_440 * 20_000;

describe('a forecaster', () => {
  it('forecasts each operation for the next 15 minutes, with its mean work', () => {
    const state = after(last, [sketches(day, 30), sketches(day + 1, 12)]);
    const forecast = last.predict(state, day + 1);
    expect([...(forecast?.keys() ?? [])]).toEqual(operationNames);
    const sketch = forecast?.get('sketch');
    expect(sketch?.workMs).toBeCloseTo(200, 9);
    expect(sketch?.minutes).toHaveLength(15);
    for (const { expected, upper } of sketch?.minutes ?? []) {
      expect(expected).toBe(12);
      expect(upper).toBeGreaterThan(12);
    }
    expect(forecast?.get('caption')?.minutes[0]?.expected).toBe(0);
  });

  it('goes on from its state after a restart: as JSON, within its schema', () => {
    const before = after(last, [sketches(day, 30), sketches(day + 1, 12)]);
    const restored = last.stateSchema.parse(JSON.parse(JSON.stringify(before)));
    expect(restored).toEqual(before);
    expect(last.predict(last.observe(restored, sketches(day + 2, 5)), day + 2)).toEqual(
      last.predict(last.observe(before, sketches(day + 2, 5)), day + 2),
    );
  });

  it('refuses the state of another model or version', () => {
    const { initial } = createForecaster(ewma());
    expect(last.stateSchema.safeParse(initial).success).toBe(false);
    expect(last.stateSchema.safeParse({ ...last.initial, version: 2 }).success).toBe(false);
  });

  it('counts no minute twice', () => {
    const once = after(last, [sketches(day, 30)]);
    expect(last.observe(once, sketches(day, 99))).toBe(once);
    expect(last.observe(once, sketches(day - 5, 99))).toBe(once);
  });

  it('forecasts nothing before the first count, and nothing from counts older than an hour', () => {
    expect(last.predict(last.initial, day)).toBeNull();
    const state = after(last, [sketches(day, 30)]);
    expect(last.predict(state, day + 60)).not.toBeNull();
    expect(last.predict(state, day + 61)).toBeNull();
  });

  it('goes on when the clock was wrong for a while', () => {
    const wrong = after(last, [sketches(day, 30), sketches(day + 1_000_000, 40)]);
    const right = last.observe(wrong, sketches(day + 1, 50));
    expect(last.predict(right, day + 1)?.get('sketch')?.minutes[0]?.expected).toBe(50);
  });

  it('keeps no operation that was removed', () => {
    const state = after(last, [
      { minute: day, byOperation: { ['gone' as OperationName]: { count: 3, workMs: 1 } } },
    ]);
    expect(Object.keys(state.byOperation)).toEqual(operationNames);
  });

  it.each([
    ['a count that is no number', Number.NaN],
    ['a negative count', -5],
    ['a count without an end', Number.POSITIVE_INFINITY],
  ])('stays valid and finite after %s', (_, count) => {
    const smooth = arrivalsForecaster;
    const minutes = seededCounts(30, () => 5).map((usual, index) => sketches(day + index, usual));
    const state = after(smooth, [...minutes, sketches(day + 30, count, count)]);
    expect(smooth.stateSchema.parse(state)).toEqual(state);
    for (const { minutes } of smooth.predict(state, day + 30)?.values() ?? []) {
      expect(minutes.every(({ expected, upper }) => expected >= 0 && upper >= expected)).toBe(true);
    }
  });
});

it('counts whole minutes since 1970', () => {
  expect(minuteOf(new Date(119_999))).toBe(1);
});
