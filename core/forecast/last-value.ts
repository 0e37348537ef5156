import { z } from 'zod';
import type { SeriesModel } from './series-model.ts';

/**
 * The next minutes are like the last one: the naïve method, by which others are measured.
 * @see https://otexts.com/fpp3/simple-methods.html
 */
export const lastValue: SeriesModel<{ last: number }> = {
  name: 'last value',
  version: 1,
  stateSchema: z.object({ last: z.number().min(0) }),
  observe: (_, count) => ({ last: count }),
  expected: ({ last }) => last,
};
