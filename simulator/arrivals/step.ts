import type { Random } from '../random.ts';
import { thinnedArrivals } from './poisson.ts';

/** A step up and down again: `low` per second, `high` in the middle third, and `low`. */
export function stepArrivals(low: number, high: number, seconds: number, random: Random): number[] {
  const isHigh = (at: number) => at >= seconds / 3 && at < (2 * seconds) / 3;
  return thinnedArrivals((at) => (isHigh(at) ? high : low), Math.max(low, high), seconds, random);
}
