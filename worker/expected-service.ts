import type { Job, Target } from '@spillway/core/job.ts';
import { isOperationName } from '@spillway/core/operations.ts';
import { estimatePixels } from '@spillway/core/pixels.ts';
import {
  estimateService,
  type LearnedServices,
  priorServiceMs,
} from '@spillway/core/routing/service-times.ts';

/**
 * The service time that a VM should have needed for a job, in milliseconds. It is the router's prediction, scaled to
 * the pixels that were decoded, because the router only knew what the sender said. Null where nothing was predicted.
 */
export function expectedServiceMs({ operation, source, route, result }: Job): number | null {
  const predicted = route.predicted?.vm?.serviceMs;
  if (predicted === undefined) return null;
  const decoded = result?.decodedPixels ?? null;
  if (decoded === null || !isOperationName(operation)) return predicted;
  return (predicted * priorServiceMs(operation, decoded)) / priorServiceMs(operation, estimatePixels(source));
}

/** From what this worker has learned, else from what the router expected. */
export function expectedMs(
  { operation, source, route }: Job,
  { target, learned }: { target: Target; learned: () => LearnedServices },
): number {
  if (!isOperationName(operation)) return 0;
  const own = learned();
  const predicted = route.predicted?.[target]?.serviceMs;
  if (own[operation] === undefined && predicted !== undefined) return predicted;
  return estimateService(operation, estimatePixels(source), [own]).mean;
}
