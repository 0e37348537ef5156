import { type AfterEnd, afterEnd, type Job } from '@spillway/core/job.ts';
import type { JobEnded } from '@spillway/core/messages.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import { followed } from '@spillway/core/transitions.ts';
import { ofJob } from './log/of-job.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { tellEnd } from './telemetry/facts.ts';
import { traced, traceFromHere } from './telemetry/traced.ts';

/**
 * All that follows the end of a job, each under its name in the document's outbox. The write that ends the job puts the
 * names there, so that an end is never without what has to follow it. Each may be done more than once and has the effect
 * of one; each throws `OutageError` and `RefusedError`.
 */
const effects: Record<AfterEnd, (job: Job, ports: Ports) => Steps<void>> = { event: publishEvent };

/**
 * Counts an end that was just written, and does what follows it. A failure is left to the sweep, which goes through the outboxes: the
 * outcome is the same either way.
 */
export function* followEnd(stored: Stored, ports: Ports): Steps<void> {
  tellEnd(stored.job, ports);
  try {
    yield* emptyOutbox(stored, ports);
  } catch (error) {
    const { outbox } = stored.job;
    ports.log.warn(
      { ...ofJob(stored.job), outbox, error },
      'What follows the end was cut off; the sweep goes on.',
    );
  }
}

/** Does what is in a job's outbox, and takes out what was done. Throws `OutageError` and `RefusedError`. */
export function emptyOutbox(stored: Stored, ports: Ports): Steps<void> {
  return traced('announce', stored.job, () => doWhatFollows(stored, ports), ports);
}

function* doWhatFollows(stored: Stored, ports: Ports): Steps<void> {
  const { job } = stored;
  const done: AfterEnd[] = [];
  try {
    for (const name of afterEnd.filter((each) => job.outbox?.effects.includes(each))) {
      yield* effects[name](job, ports);
      done.push(name);
    }
  } finally {
    if (done.length > 0) yield* waitFor(ports.jobs.replace(stored, followed(job, done, ports.clock.now())));
  }
}

/** The CloudEvent of the end. Its id is the same each time, so that its readers know a repeated one. */
function* publishEvent(job: Job, ports: Ports): Steps<void> {
  const at = job.endedAt ?? ports.clock.now();
  yield* waitFor(ports.queue.announce(`${job.id}-${job.state}`, jobEnded(job), at, traceFromHere(job)));
}

function jobEnded(job: Job): JobEnded {
  const { bucket, name, generation } = job.source;
  return {
    ...ofJob(job),
    state: job.state,
    operation: job.operation,
    owner: job.owner,
    source: { bucket, name, generation },
    result: job.result && { bucket: job.result.bucket, name: job.result.name, receipt: job.result.receipt },
    error: job.error && { code: job.error.code, message: job.error.message },
    target: job.route.target,
  };
}
