import { operationNames } from '@spillway/core/operations.ts';
import { prices } from '@spillway/core/prices.ts';
import { offeredWorkTiming } from '@spillway/core/routing/offered-work.ts';
import { type SpanName, spanMeanings } from '@spillway/core/spans.ts';
import { metricCatalogue, metricNames, otherValue, valuesOf } from '@spillway/core/telemetry-metrics.ts';
import { keptAfterEndMs } from '@spillway/core/transitions.ts';

/** Days of a mean month. */
export const daysOfMonth = 30.4;
export const secondsOfMonth = daysOfMonth * 86_400;
export const hoursOfMonth = daysOfMonth * 24;

/** What one job uses beside what core/job-cost.ts counts. */
export const ofEachJob = {
  /** Of an integrator's, where nothing goes wrong: one of every name but these. */
  spans:
    Object.keys(spanMeanings).length -
    (['move', 'requeue', 'retry', 'sweep', 'thumbnails'] satisfies SpanName[]).length,
  /** A result is fetched once. */
  downloads: 1,
} as const;

/** terraform/functions.tf. */
export const sweepShape = { vcpus: 0.333, memoryGib: 0.5 } as const;

/** terraform/scheduler.tf: the sweep and the search for lost uploads. */
export const schedules = 2;
/** Of a month, in which a call of the sweep function is at work: it is called each minute, and sweeps for most of it. */
export const sweepShare = 55 / 60;
/** pipeline/sweep-loop.ts: seconds between sweeps. */
export const sweepSeconds = 2;
/**
 * One sweep that finds nothing, beside the heartbeats of all workers: its lease and the summary of the fleet, which are read
 * and written, and a read for each thing that it asks, as Firestore bills one for a query without results.
 */
export const ofEachSweep = { reads: 19, writes: 2 } as const;

/** worker/config.ts: SPILLWAY_HEARTBEAT_MS, in seconds. Each writes the heartbeat and reads the worker's control. */
export const heartbeatSeconds = 2;

/** terraform/variables.tf, vm_disk_gb. */
export const vmDiskGib = 30;

/** Bytes of a result by its source's pixels: as a usual JPEG (core/pixels.ts). Of what is no picture. Assumed. */
export const resultBytes = { perPixel: 0.3, words: 1_000 } as const;
/** Days that sources and results are kept: as long as the documents. terraform/ deletes nothing unless it is told to. */
export const keptDays = keptAfterEndMs / 86_400_000;

/** terraform/variables.tf, traces_sampled. */
export const usualTracesSampled = 1;

/** core/routing/offered-work.ts: the sweep's leader writes what is true of the system twice a minute. */
const systemPoints = 60_000 / offeredWorkTiming.every;

/**
 * Bytes of metrics in a minute: what the sweep's leader writes of the system, and what each process writes of itself,
 * where for each operation one target, one outcome and one failure are in use (assumed).
 */
export function metricBytes(): { system: number; process: number } {
  const bytes = { system: 0, process: 0 };
  for (const name of metricNames) {
    const { scope, kind, labels } = metricCatalogue[name];
    const ofPoint =
      kind === 'histogram' ? prices.monitoring.bytesOfDistribution : prices.monitoring.bytesOfNumber;
    const values = Object.entries(labels as Record<string, Parameters<typeof valuesOf>[0]>);
    const series =
      scope === 'system'
        ? values.reduce(
            (count, [, each]) => count * valuesOf(each).filter((value) => value !== otherValue).length,
            1,
          )
        : values.some(([label]) => label === 'operation')
          ? operationNames.length * (kind === 'histogram' ? 1 : 2)
          : 2;
    bytes[scope] += series * ofPoint * (scope === 'system' ? systemPoints : 1);
  }
  return bytes;
}
