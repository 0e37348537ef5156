import type { Random } from '../random.ts';
import { thinnedArrivals } from './poisson.ts';

/**
 * A day's curve squeezed into `seconds`: a sine with its trough at both ends and its peak in the middle. `swing` is
 * the share of the mean rate by which it rises and falls, 0 to 1.
 */
export function dayArrivals(meanRate: number, swing: number, seconds: number, random: Random): number[] {
  const rateAt = (at: number) => meanRate * (1 - swing * Math.cos((2 * Math.PI * at) / seconds));
  return thinnedArrivals(rateAt, meanRate * (1 + swing), seconds, random);
}
