import type { MinuteOfArrivals } from '@spillway/core/forecast/forecaster.ts';
import { operationNames } from '@spillway/core/operations.ts';
import { describe, expect, it } from 'vitest';
import { backtest } from './backtest.ts';
import { forecasters, type StartForecaster } from './forecasters.ts';

/** Sketches alone, one count a minute. */
function minutesOf(counts: number[]): MinuteOfArrivals[] {
  return counts.map((count, minute) => ({ minute, byOperation: { sketch: { count, workMs: 0 } } }));
}

/** Expects so many sketches, and no more than so many. */
function always(expected: number, upper: number): StartForecaster {
  const minutes = Array.from({ length: 15 }, () => ({ expected, upper }));
  return () => ({
    observe() {},
    predict: () => new Map([['sketch', { minutes, workMs: 0 }]]),
  });
}

describe('a backtest', () => {
  it('scales errors by those of the last value before what is judged', () => {
    // Before: 0, 10, 0, 10: the last value is wrong by 10. Judged: 30 sketches where 25 were expected.
    const minutes = minutesOf([0, 10, 0, 10, ...new Array(20).fill(30)]);
    for (const { mase, covered } of backtest(always(25, 30), minutes, 4)) {
      expect(mase).toBeCloseTo((5 / 10) * operationNames.length, 9);
      expect(covered).toBe(1);
    }
  });

  it('weighs what is above the upper forecast nine times as much as what is below', () => {
    const pinball = (upper: number) => {
      const minutes = minutesOf([0, 10, ...new Array(20).fill(30)]);
      return backtest(always(0, upper), minutes, 2)[0]?.pinball;
    };
    expect(pinball(20)).toBeCloseTo(0.9 * 10, 9);
    expect(pinball(40)).toBeCloseTo(0.1 * 10, 9);
  });

  it('judges each forecast by the minute that it was made for', () => {
    // A step at minute 20: the last value is wrong by 100 for as many minutes as it looks ahead.
    const minutes = minutesOf([...new Array(10).fill([0, 1]).flat(), ...new Array(40).fill(100)]);
    const errors = backtest(forecasters['last-value'], minutes, 20).map(({ ahead, mase }) => mase / ahead);
    for (const error of errors) expect(error).toBeCloseTo(100 / 40, 1);
  });
});
