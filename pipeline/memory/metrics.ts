import { RefusedError } from '@spillway/core/errors.ts';
import type { Metrics } from '../ports/metrics.ts';

export interface MemoryMetrics extends Metrics {
  /** What was written, the oldest first. */
  readonly offeredWork: readonly { slots: number; at: Date }[];
}

/** A metric in this process's memory, with the limits of Cloud Monitoring's series: for tests. */
export function createMemoryMetrics(): MemoryMetrics {
  const offeredWork: { slots: number; at: Date }[] = [];
  return {
    offeredWork,
    writeOfferedWork(slots, at) {
      const last = offeredWork.at(-1)?.at.getTime() ?? Number.NEGATIVE_INFINITY;
      if (at.getTime() < last + leastApartMs) {
        throw new RefusedError(
          'Cloud Monitoring refused to take a point: it is too close to the one before.',
        );
      }
      offeredWork.push({ slots, at });
    },
  };
}

/** @see https://cloud.google.com/monitoring/quotas#custom_metrics_quotas */
const leastApartMs = 5_000;
