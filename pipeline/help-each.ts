import { OutageError, PermanentError } from '@spillway/core/errors.ts';
import { isTerminal, type Job, schemaVersion } from '@spillway/core/job.ts';
import type { Stored } from './ports/job-store.ts';
import type { Ports } from './ports/ports.ts';
import { recordFailure } from './record.ts';

/**
 * Counts the jobs for which the action did something. One after another, so that each decision sees what the one
 * before it moved. A job that cannot be helped must not stop the others; an outage stops them all until the next sweep.
 */
export async function helpEach(
  list: Stored[],
  ports: Ports,
  action: (stored: Stored) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  for (const stored of list) {
    // A newer version of this program has written it, and sweeps as well.
    if (stored.job.schemaVersion > schemaVersion) continue;
    try {
      if (await action(stored)) count++;
    } catch (error) {
      if (error instanceof OutageError) throw error;
      ports.log.error({ jobId: stored.job.id, error }, 'The sweep could do nothing for a job.');
      if (error instanceof PermanentError) await failWhereItWaits(stored.job, error, ports);
    }
  }
  return count;
}

async function failWhereItWaits(job: Job, { code, message }: PermanentError, ports: Ports): Promise<void> {
  const failure = { code, message, retryable: false };
  const untouched = (current: Job) => !isTerminal(current.state) && current.route.epoch === job.route.epoch;
  await recordFailure(job, failure, untouched, ports);
}
