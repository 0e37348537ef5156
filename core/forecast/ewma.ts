import { z } from 'zod';
import type { SeriesModel } from './series-model.ts';

/** Share of a new count in the level: what is older than the last five minutes has 8 % of the weight. */
const defaultWeight = 0.4;

/**
 * The next minutes are like an exponentially weighted mean of the past ones: simple exponential smoothing.
 *
 * level = level + weight x (count - level)
 *
 * After minutes without a count, the new one has the weight that they would have had together (Wright, "Forecasting data
 * published at irregular time intervals using an extension of Holt's method", Management Science 32, 1986).
 * @param weight Above 0, at most 1.
 * @see https://otexts.com/fpp3/ses.html
 */
export function ewma(weight = defaultWeight): SeriesModel<{ level: number }> {
  return {
    name: 'EWMA',
    version: 1,
    stateSchema: z.object({ level: z.number().min(0) }),
    observe(before, count, { missed }) {
      if (before === null) return { level: count };
      const share = 1 - (1 - weight) ** (missed + 1);
      return { level: before.level + share * (count - before.level) };
    },
    expected: ({ level }) => level,
  };
}
