import type { RefusedError } from './errors.ts';
import type { Job, JobError } from './job.ts';

/** Milliseconds that a person has to correct a refusal that everybody gets. Eventarc retries for the same time. */
const patienceMs = 24 * 3_600_000;

/**
 * The error that ends a job after a service's refusal. Null if the service refuses every request: then no job is at
 * fault, and each waits for a day, as in an outage, while a person may correct it.
 */
export function refusalOf(job: Pick<Job, 'createdAt'>, error: RefusedError, now: Date): JobError | null {
  const isForAll = error.scope === 'service';
  if (isForAll && now.getTime() - job.createdAt.getTime() < patienceMs) return null;
  // A person who has corrected the cause may try again.
  return { code: 'service_refused', message: error.message, retryable: isForAll };
}
