import { quantile } from '@spillway/core/routing/quantiles.ts';

/** The value below which a share of the values lies (nearest rank); NaN of none. The values must be sorted. */
export function quantileOfSorted(sorted: readonly number[], share: number): number {
  return quantile(sorted, share) ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Divided by n - 1; 0 of fewer than two values. */
export function variance(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

export interface Interval {
  mean: number;
  low: number;
  high: number;
}

/**
 * Mean and 95 % confidence interval of independent values, one of each seed, by Student's t. Of a single value the
 * interval is the value itself: nothing is known of its spread.
 */
export function confidence95(values: readonly number[]): Interval {
  const middle = mean(values);
  const half =
    values.length < 2 ? 0 : studentT95(values.length - 1) * Math.sqrt(variance(values) / values.length);
  return { mean: middle, low: middle - half, high: middle + half };
}

/**
 * How far `ours` is from `theirs`, seed by seed. Both met the same arrivals and service times, so the spread of the
 * differences is what counts, and is far smaller than that of either (paired t: Law, section 10.2.1).
 */
export function pairedDifference(ours: readonly number[], theirs: readonly number[]): Interval {
  return confidence95(paired(ours, theirs, (our, their) => our - their));
}

/** `ours / theirs` as a geometric mean over the seeds; NaN where a value is not positive. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): Interval {
  const logs = confidence95(paired(ours, theirs, (our, their) => Math.log(our / their)));
  const finite = (value: number) => (Number.isFinite(value) ? Math.exp(value) : Number.NaN);
  return { mean: finite(logs.mean), low: finite(logs.low), high: finite(logs.high) };
}

function paired(
  ours: readonly number[],
  theirs: readonly number[],
  compare: (our: number, their: number) => number,
): number[] {
  if (ours.length !== theirs.length) throw new RangeError('Both sides need a value of every seed.');
  return ours.map((our, seed) => compare(our, theirs[seed] ?? Number.NaN));
}

/** 97.5 % points of Student's t for 1 to 30 degrees of freedom (any statistical table; R: `qt(0.975, df)`). */
const t975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Beyond the table, the first terms of the Cornish-Fisher expansion around the normal's 1.96 (within 0.001). */
function studentT95(degrees: number): number {
  const z = 1.959964;
  return t975[degrees - 1] ?? z + (z ** 3 + z) / (4 * degrees);
}
