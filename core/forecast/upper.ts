import { z } from 'zod';
import { interpolated, learnedAhead } from './ahead.ts';
import { mostAhead } from './series-model.ts';

/** Share of minutes whose count is to be at or below the upper forecast. */
export const upperShare = 0.9;

/** How far one count moves a margin, as a share of the margin or of 1. */
const step = 0.1;
const mostMargin = 100;

/** How far above the expected counts the upper forecasts of one series are. */
export const upperStateSchema = z.object({
  /** For each of `learnedAhead`, in units of the square root of the expected count plus one. */
  margins: z.array(z.number().min(0).max(mostMargin)).length(learnedAhead.length),
  /** What was expected of the last minutes: from which minute, and the counts for each of `learnedAhead`. */
  issued: z
    .array(z.object({ minute: z.int(), expected: z.array(z.number().min(0)).length(learnedAhead.length) }))
    .max(mostAhead),
});
export type UpperState = z.infer<typeof upperStateSchema>;

/** The margin of Poisson's counts: the normal distribution's 0.9 quantile. */
export const initialUpper: UpperState = { margins: learnedAhead.map(() => 1.28), issued: [] };

/**
 * Compares a count with what was forecast for its minute. A margin grows by `step x 0.9` when the count was above it,
 * and else shrinks by `step x 0.1`, so that in the long run nine counts of ten are below, whatever their distribution
 * and however wrong the model is. A single burst moves it by one step only.
 * @see Angelopoulos, Candès, Tibshirani, "Conformal PID control for time series prediction", NeurIPS 2023: the quantile
 *   tracker (https://arxiv.org/abs/2307.16895)
 */
export function observeUpper(before: UpperState, minute: number, count: number): UpperState {
  const margins = learnedAhead.map((ahead, index) => {
    const margin = before.margins[index] ?? 0;
    const expected = before.issued.find((issue) => issue.minute === minute - ahead)?.expected[index];
    if (expected === undefined) return margin;
    const isAbove = count > expected + margin * Math.sqrt(expected + 1);
    const change = step * Math.max(1, margin) * (isAbove ? upperShare : upperShare - 1);
    return Math.min(mostMargin, Math.max(0, margin + change));
  });
  return { ...before, margins };
}

/** Keeps what is expected from this minute on, to be compared with the counts to come. */
export function issueUpper(
  before: UpperState,
  minute: number,
  expectedAhead: (ahead: number) => number,
): UpperState {
  const recent = before.issued.filter((issue) => issue.minute > minute - mostAhead && issue.minute < minute);
  return { ...before, issued: [...recent, { minute, expected: learnedAhead.map(expectedAhead) }] };
}

/** The count that nine of ten minutes stay at or below. */
export function upperOf({ margins }: UpperState, expected: number, ahead: number): number {
  return expected + interpolated(margins, ahead) * Math.sqrt(expected + 1);
}
