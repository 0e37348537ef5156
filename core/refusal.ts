import type { RefusedError } from './errors.ts';
import type { Job, JobError } from './job.ts';

/** Until then a person may mend what a service refuses everybody, in milliseconds: as long as Eventarc tries. */
const patienceMs = 24 * 3_600_000;

/**
 * What ends a job whose work a service has refused; null while it may yet be mended, since everything is refused that
 * is asked of the service: then no job is at fault, and each waits as in an outage, for a day.
 */
export function refusalOf(job: Pick<Job, 'createdAt'>, error: RefusedError, now: Date): JobError | null {
  const isForAll = error.scope === 'service';
  if (isForAll && now.getTime() - job.createdAt.getTime() < patienceMs) return null;
  // A person who has mended what was refused may try again.
  return { code: 'service_refused', message: error.message, retryable: isForAll };
}
