import type { Random } from '../random.ts';

/** Independent arrivals at a constant rate per second, in seconds, sorted. */
export function poissonArrivals(rate: number, seconds: number, random: Random): number[] {
  const arrivals: number[] = [];
  for (let at = random.exponential(1 / rate); at < seconds; at += random.exponential(1 / rate)) {
    arrivals.push(at);
  }
  return arrivals;
}

/**
 * Poisson arrivals whose rate changes with time, by thinning (Lewis and Shedler 1979): candidates come at
 * `highestRate`, and each stays with the share of it that holds at its moment.
 */
export function thinnedArrivals(
  rateAt: (second: number) => number,
  highestRate: number,
  seconds: number,
  random: Random,
): number[] {
  return poissonArrivals(highestRate, seconds, random).filter(
    (at) => random.uniform() * highestRate < rateAt(at),
  );
}
