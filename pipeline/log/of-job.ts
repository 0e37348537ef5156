import type { Job } from '@spillway/core/job.ts';

/** What lines about a job have in common. By it, the lines of all programs about one job are found. */
export function ofJob({ id, operation, trace }: Pick<Job, 'id' | 'operation' | 'trace'>) {
  return { jobId: id, operation, trace };
}
