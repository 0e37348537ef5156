import { describe, expect, it } from 'vitest';
import { seededCounts } from '../testing/seeded-counts.ts';
import { ewma } from './ewma.ts';
import { lastValue } from './last-value.ts';
import type { SeriesModel } from './series-model.ts';

/** The state after counts of minutes in a row; null stands for a minute without one. */
function stateAfter<State>(model: SeriesModel<State>, counts: readonly (number | null)[]): State {
  let state: State | null = null;
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
