import type { z } from 'zod';

/** Minutes ahead for which arrivals are forecast. */
export const mostAhead = 15;

/** When a count was made. */
export interface CountedAt {
  /** Whole minutes since 1970. */
  minute: number;
  /** Minutes without a count between the one before and this one. */
  missed: number;
}

/**
 * Forecasts one series of counts, one count a minute. It is pure: what it has learned is a state of plain values and of
 * a bounded size, which a program keeps in a document from minute to minute.
 */
export interface SeriesModel<State> {
  readonly name: string;
  /** Raised when states of earlier versions mean something else. */
  readonly version: number;
  readonly stateSchema: z.ZodType<State>;
  /**
   * The state after one more count.
   * @param before Null of the first count.
   */
  observe(before: State | null, count: number, at: CountedAt): State;
  /**
   * Expected count of the minute `minute + ahead`, 0 or more.
   * @param minute The minute that was counted last.
   */
  expected(state: State, minute: number, ahead: number): number;
}

/** Square roots of counts, over which linear models are additive and equally uncertain at every rate. */
export const transformed = {
  /** Of the roots of Poisson's counts. */
  poissonVariance: 0.25,
  /** Mean of the counts whose roots have this mean and variance. */
  countOf: (mean: number, variance: number) => mean ** 2 + variance,
} as const;
