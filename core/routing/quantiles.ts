import { z } from 'zod';

/** A summary of recent observations: two quantiles and their number. */
export const quantilesSchema = z.object({
  p50: z.number().min(0),
  p90: z.number().min(0),
  count: z.int().min(0),
});
export type Quantiles = z.infer<typeof quantilesSchema>;

export interface Estimate {
  mean: number;
  /** One standard deviation. */
  spread: number;
}

/** The standard normal distribution's 0.9 quantile. */
const z90 = 1.2816;

/** A window of the newest observations. Their median follows a change within half a window. */
export class RecentValues {
  readonly #size: number;
  readonly #values: number[] = [];
  #next = 0;
  /** The same values in order. Two of 64 change places sooner than 64 are sorted. */
  readonly #sorted: number[] = [];

  constructor(size = 64) {
    this.#size = size;
  }

  add(value: number): void {
    const oldest = this.#values[this.#next];
    if (oldest !== undefined) this.#sorted.splice(placeIn(this.#sorted, oldest), 1);
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#size;
    this.#sorted.splice(placeIn(this.#sorted, value), 0, value);
  }

  /** Null while nothing was observed. */
  quantiles(): Quantiles | null {
    return quantilesOfSorted(this.#sorted);
  }
}

/** How many values are lower. */
function placeIn(sorted: readonly number[], value: number): number {
  const place = sorted.findIndex((other) => other >= value);
  return place === -1 ? sorted.length : place;
}

/** Null if there are no values. */
export function quantilesOf(values: readonly number[]): Quantiles | null {
  return quantilesOfSorted(values.toSorted((a, b) => a - b));
}

function quantilesOfSorted(sorted: readonly number[]): Quantiles | null {
  const p50 = quantile(sorted, 0.5);
  const p90 = quantile(sorted, 0.9);
  return p50 === undefined || p90 === undefined ? null : { p50, p90, count: sorted.length };
}

/** Quantiles of several observers as those of one, weighted by how much each has seen; null where none has. */
export function mergeQuantiles(list: Quantiles[]): Quantiles | null {
  const count = list.reduce((sum, quantiles) => sum + quantiles.count, 0);
  if (count === 0) return null;
  const mean = (of: (quantiles: Quantiles) => number) =>
    list.reduce((sum, quantiles) => sum + quantiles.count * of(quantiles), 0) / count;
  return { p50: mean(({ p50 }) => p50), p90: mean(({ p90 }) => p90), count };
}

/** Mean and spread of the log-normal distribution with these quantiles. Service times have its long right tail. */
export function asLogNormal({ p50, p90 }: Quantiles): Estimate {
  const sigma = p50 > 0 && p90 > p50 ? Math.min(1.5, Math.log(p90 / p50) / z90) : 0;
  const mean = p50 * Math.exp(sigma ** 2 / 2);
  return { mean, spread: mean * Math.sqrt(Math.exp(sigma ** 2) - 1) };
}

/** Nearest rank, so that the result is a value that was really observed. */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
