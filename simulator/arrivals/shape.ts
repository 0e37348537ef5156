import { mean, variance } from '../statistics.ts';

/** What makes arrivals easy or hard to serve, whatever their number. */
export interface Shape {
  arrivals: number;
  /** From the first to the last. */
  seconds: number;
  ratePerSecond: number;
  /** Coefficient of variation of the gaps between arrivals: 1 for Poisson. */
  gapVariation: number;
  /** Index of dispersion: variance over mean of the counts in windows of this number of seconds. It is 1 for Poisson. */
  dispersion: { 1: number; 10: number; 60: number };
  /** Most arrivals in one second. */
  mostInOneSecond: number;
}

export function shapeOf(arrivals: readonly number[]): Shape {
  const first = arrivals[0] ?? 0;
  const seconds = (arrivals.at(-1) ?? 0) - first;
  const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? 0));
  const dispersion = (window: number) => {
    const counts = countsIn(arrivals, window);
    return variance(counts) / mean(counts);
  };
  return {
    arrivals: arrivals.length,
    seconds,
    ratePerSecond: gaps.length / seconds,
    gapVariation: Math.sqrt(variance(gaps)) / mean(gaps),
    dispersion: { 1: dispersion(1), 10: dispersion(10), 60: dispersion(60) },
    mostInOneSecond: countsIn(arrivals, 1).reduce((most, count) => Math.max(most, count), 0),
  };
}

/** Arrivals in each whole window; what is left over at the end is not counted. */
function countsIn(arrivals: readonly number[], window: number): number[] {
  const first = arrivals[0] ?? 0;
  const windows = Math.max(1, Math.floor(((arrivals.at(-1) ?? 0) - first) / window));
  const counts = new Array<number>(windows).fill(0);
  for (const at of arrivals) {
    const index = Math.floor((at - first) / window);
    if (index < windows) counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}
