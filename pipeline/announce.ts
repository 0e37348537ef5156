import type { Job } from '@spillway/core/job.ts';
import type { JobEnded } from '@spillway/core/messages.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';

/**
 * Publishes the CloudEvent of a job's end and notes it in the document. A failure is left to the sweep, which
 * finds ends that were not noted: the outcome stands either way.
 */
export function* announceEnd(stored: Stored, ports: Ports): Steps<void> {
  try {
    yield* announce(stored, ports);
  } catch (error) {
    ports.log.warn({ jobId: stored.job.id, error }, 'The end could not be announced; the sweep will.');
  }
}

/** The same for the sweep. Throws `OutageError` and `RefusedError`. */
export function* announce(stored: Stored, ports: Ports): Steps<void> {
  const { job } = stored;
  const now = ports.clock.now();
  yield* waitFor(ports.queue.announce(`${job.id}-${job.state}`, jobEnded(job), job.endedAt ?? now));
  yield* waitFor(ports.jobs.replace(stored, { ...job, eventPublishedAt: now }));
}

function jobEnded(job: Job): JobEnded {
  const { bucket, name, generation } = job.source;
  return {
    jobId: job.id,
    state: job.state,
    operation: job.operation,
    owner: job.owner,
    source: { bucket, name, generation },
    result: job.result && { bucket: job.result.bucket, name: job.result.name, receipt: job.result.receipt },
    error: job.error && { code: job.error.code, message: job.error.message },
    target: job.route.target,
  };
}
