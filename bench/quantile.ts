import { quantile as ofSorted } from '@spillway/core/routing/quantiles.ts';

/** The quantile for `share` (0 to 1) by nearest rank; NaN for an empty list. */
export function quantile(values: number[], share: number): number {
  return (
    ofSorted(
      values.toSorted((a, b) => a - b),
      share,
    ) ?? Number.NaN
  );
}

/** The median; NaN for an empty list. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
