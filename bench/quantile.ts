import { quantile as ofSorted } from '@spillway/core/routing/quantiles.ts';

/** The value below which a share of the values lies (nearest rank); NaN of none. */
export function quantile(values: number[], share: number): number {
  return (
    ofSorted(
      values.toSorted((a, b) => a - b),
      share,
    ) ?? Number.NaN
  );
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
