import { createHealth, type Health } from '@spillway/pipeline/health.ts';
import { awakeMs } from '@spillway/processing/awake-time.ts';

/** A worker's health: only the time in which it runs counts. */
export function workerHealth(): Health {
  return createHealth(awakeMs);
}
