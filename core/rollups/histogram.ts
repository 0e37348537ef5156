import { z } from 'zod';

/**
 * Durations counted in buckets whose bounds grow by a fixed factor, so that histograms of different times and programs are
 * merged by adding their counts. The buckets are those of OpenTelemetry's exponential histogram of scale 3: eight to each
 * doubling.
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export interface Histogram {
  /** Durations of up to a millisecond. */
  zero: number;
  /** By the number of the bucket. */
  buckets: Map<number, number>;
}

const bucketsToADoubling = 8;
/** The upper bound of the last bucket is 2^31 ms, some 24 days. */
const lastBucket = 31 * bucketsToADoubling - 1;

/** A quantile differs from that of the durations themselves by no more than this share of it. */
export const relativeError = 2 ** (1 / (2 * bucketsToADoubling)) - 1;

export function emptyHistogram(): Histogram {
  return { zero: 0, buckets: new Map() };
}

/** Counts one duration. It changes the given histogram. */
export function observe(histogram: Histogram, ms: number): void {
  if (!(ms > 1)) {
    histogram.zero++;
    return;
  }
  const bucket = Math.min(lastBucket, Math.ceil(Math.log2(ms) * bucketsToADoubling) - 1);
  histogram.buckets.set(bucket, (histogram.buckets.get(bucket) ?? 0) + 1);
}

/** Adds the counts of `other`. It changes the first histogram. */
export function addHistogram(histogram: Histogram, other: Histogram): void {
  histogram.zero += other.zero;
  for (const [bucket, count] of other.buckets) {
    histogram.buckets.set(bucket, (histogram.buckets.get(bucket) ?? 0) + count);
  }
}

export function countIn({ zero, buckets }: Histogram): number {
  let count = zero;
  for (const each of buckets.values()) count += each;
  return count;
}

/** The quantile by nearest rank, in milliseconds, within `relativeError`; null where nothing was counted. */
export function quantileIn(histogram: Histogram, share: number): number | null {
  const count = countIn(histogram);
  if (count === 0) return null;
  const rank = Math.max(1, Math.ceil(share * count));
  let below = histogram.zero;
  if (below >= rank) return 1;
  for (const [bucket, each] of [...histogram.buckets].sort(([a], [b]) => a - b)) {
    below += each;
    // The geometric middle: both bounds are as far away from it, as a ratio.
    if (below >= rank) return 2 ** ((bucket + 0.5) / bucketsToADoubling);
  }
  return null;
}

/**
 * As text: the count of `zero`, the number of the first bucket and the counts from there on, where an empty one is left
 * blank. An empty histogram is the empty text.
 * @example '2@40:1,,3' // two of up to a millisecond, one in bucket 40, three in bucket 42
 */
export function histogramText({ zero, buckets }: Histogram): string {
  if (buckets.size === 0) return zero === 0 ? '' : String(zero);
  const numbers = [...buckets.keys()];
  const first = Math.min(...numbers);
  const counts = Array.from({ length: Math.max(...numbers) - first + 1 }, (_, index) => {
    const count = buckets.get(first + index);
    return count === undefined ? '' : String(count);
  });
  return `${zero === 0 ? '' : zero}@${first}:${counts.join(',')}`;
}

const form = /^(\d*)(?:@(\d+):([\d,]+))?$/;

/** The histogram that a text tells of. What is no such text is an empty one. */
export function histogramOf(text: string): Histogram {
  const [, zero, first, counts] = form.exec(text) ?? [];
  const histogram: Histogram = { zero: Number(zero ?? 0), buckets: new Map() };
  for (const [index, count] of (counts ?? '').split(',').entries()) {
    const bucket = Number(first) + index;
    if (count !== '' && bucket <= lastBucket) histogram.buckets.set(bucket, Number(count));
  }
  return histogram;
}

/** A histogram in a document. */
export const histogramSchema = z.string().max(4_000).transform(histogramOf);
