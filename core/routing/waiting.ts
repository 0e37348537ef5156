import type { Job } from '../job.ts';

/** A message is taken for lost when nobody has claimed its job for this long (ms), or for `patience` predictions. */
export const unclaimedMs = 30_000;
const patience = 3;

/** Since the job's message was published, in milliseconds. */
export function waitedMs({ publishedAt }: Job, now: Date): number {
  return publishedAt ? now.getTime() - publishedAt.getTime() : 0;
}

/** Whether a job that waits should be published again. */
export function messageSeemsLost(job: Job, now: Date): boolean {
  // Each time twice as long, so that a job that waits for days is not published every half minute.
  const before = job.publishedAt ? job.publishedAt.getTime() - job.createdAt.getTime() : 0;
  return waitedMs(job, now) > Math.max(unclaimedMs, patience * predictedWaitMs(job), before);
}

/** How far the longest waiting job is beyond what was predicted for it, in milliseconds; no wait counts from before `since`. */
export function mostOverdueMs(waiting: readonly Job[], since: Date | null, now: Date): number {
  const mostMs = since ? now.getTime() - since.getTime() : Number.POSITIVE_INFINITY;
  const overdue = waiting.map((job) => Math.min(mostMs, waitedMs(job, now)) - predictedWaitMs(job));
  return Math.max(0, ...overdue);
}

function predictedWaitMs({ route }: Job): number {
  return route.predicted?.[route.target]?.waitMs ?? 0;
}
