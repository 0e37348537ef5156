import type { Job } from '@spillway/core/job.ts';
import { isOperationName } from '@spillway/core/operations.ts';
import { estimatePixels } from '@spillway/core/pixels.ts';
import { priorServiceMs } from '@spillway/core/routing/service-times.ts';

/**
 * What a VM should have taken for a job, in milliseconds: as its router predicted, but for the pixels that were really
 * decoded, since the router only had a sender's word for them. Null where nothing was predicted.
 */
export function expectedServiceMs({ operation, source, route, result }: Job): number | null {
  const predicted = route.predicted?.vm?.serviceMs;
  if (predicted === undefined) return null;
  const decoded = result?.decodedPixels ?? null;
  if (decoded === null || !isOperationName(operation)) return predicted;
  return (predicted * priorServiceMs(operation, decoded)) / priorServiceMs(operation, estimatePixels(source));
}
