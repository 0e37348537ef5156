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
  readonly #values: Float64Array;
  /** The same values in order: to move two of 64 takes less time than to sort 64. */
  readonly #sorted: Float64Array;
  #count = 0;
  #next = 0;
  /** Kept until the next value: they are asked for far more often than they change. */
  #quantiles: Quantiles | null = null;

  constructor(size = 64) {
    this.#values = new Float64Array(size);
    this.#sorted = new Float64Array(size);
  }

  add(value: number): void {
    const sorted = this.#sorted;
    if (this.#count === this.#values.length) {
      const oldest = this.#place(this.#values[this.#next] as number);
      sorted.copyWithin(oldest, oldest + 1, this.#count--);
    }
    const place = this.#place(value);
    sorted.copyWithin(place + 1, place, this.#count++);
    sorted[place] = value;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#values.length;
    this.#quantiles = null;
  }

  /** Null while nothing was observed. */
  quantiles(): Quantiles | null {
    this.#quantiles ??= quantilesOfSorted(this.#sorted.subarray(0, this.#count));
    return this.#quantiles;
  }

  /** How many values are lower. */
  #place(value: number): number {
    let place = 0;
    while (place < this.#count && (this.#sorted[place] as number) < value) place++;
    return place;
  }
}

/** Null if there are no values. */
export function quantilesOf(values: readonly number[]): Quantiles | null {
  return quantilesOfSorted(values.toSorted((a, b) => a - b));
}

function quantilesOfSorted(sorted: ArrayLike<number>): Quantiles | null {
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
export function quantile(sorted: ArrayLike<number>, share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
