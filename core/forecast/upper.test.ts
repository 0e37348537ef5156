import { describe, expect, it } from 'vitest';
import { seededCounts } from '../testing/seeded-counts.ts';
import {
  initialUpper,
  issueUpper,
  observeUpper,
  type UpperState,
  upperOf,
  upperStateSchema,
} from './upper.ts';

/** Share of the counts at or below the upper forecast for each of `aheads`, after the first hour. */
function covered(counts: readonly number[], expected: (minute: number) => number, aheads: number[]) {
  let state = initialUpper;
  const below = aheads.map(() => 0);
  const uppers: number[][] = [];
  for (const [minute, count] of counts.entries()) {
    for (const [index, ahead] of aheads.entries()) {
      const upper = uppers[minute - ahead]?.[index] ?? 0;
      if (minute >= 60 && count <= upper) below[index] = (below[index] ?? 0) + 1;
    }
    state = issueUpper(observeUpper(state, minute, count), minute, (ahead) => expected(minute + ahead));
    uppers.push(aheads.map((ahead) => upperOf(state, expected(minute + ahead), ahead)));
  }
  return below.map((share) => share / (counts.length - 60));
}

describe('the upper forecast', () => {
  it.each([
    ['Poisson counts', seededCounts(5_000, () => 20), () => 20],
    [
      'counts with bursts',
      seededCounts(5_000, (minute) => (minute % 7 === 0 ? 200 : 5)),
      () => (200 + 6 * 5) / 7,
    ],
    ['counts of which half are expected', seededCounts(5_000, () => 40), () => 20],
  ])('is above nine of ten %s, within three of a hundred', (_, counts, expected) => {
    for (const share of covered(counts, expected, [1, 5, 10, 15])) {
      expect(share).toBeGreaterThan(0.87);
      expect(share).toBeLessThan(0.93);
    }
  });

  it('moves by one step for one burst, however large, and stays within its schema', () => {
    let state: UpperState = initialUpper;
    for (let minute = 0; minute < 100; minute++) {
      state = issueUpper(observeUpper(state, minute, minute === 50 ? 1e7 : 3), minute, () => 3);
    }
    expect(upperStateSchema.parse(state)).toEqual(state);
    expect(state.issued).toHaveLength(15);
    expect(upperOf(state, 3, 1)).toBeLessThan(10);
  });
});
