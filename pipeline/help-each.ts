import { OutageError, PermanentError, RefusedError } from '@spillway/core/errors.ts';
import { isTerminal, type Job, type JobError, schemaVersion } from '@spillway/core/job.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import type { Steps, Walk } from '@spillway/core/steps.ts';
import { ofJob } from './log/of-job.ts';
import { type GoneThrough, goThrough } from './pass-over.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { recordFailure } from './record.ts';

/** Jobs that could not be helped, and the times until which they rest. */
export type Resting = Map<string, { until: number; times: number }>;

/** An item that cannot be helped is tried again after this time, doubled each time. Milliseconds. */
const restMs = 30_000;
const longestRestMs = 3_600_000;
/** A job that met an outage rests for this long, because it may be the only one that meets it. Milliseconds. */
const outageRestMs = 5_000;

/**
 * Jobs that are helped at the same time. At 100 ms a job that is 320 a second. What is decided there is as exact as what
 * as many routers decide: until each is written, all of them count as work where they are.
 */
const atOnce = 32;

/**
 * Does something for each job, for several at a time. A job that cannot be helped ends, or rests, and does not stop the
 * others. Throws where a service answers none of them.
 */
export function helpEach(
  walk: Walk<Stored>,
  ports: Ports,
  action: (stored: Stored) => Steps<boolean>,
  resting: Resting = new Map(),
): Steps<GoneThrough> {
  forgetGone(resting, ports.clock.now());
  const name = ({ job }: Stored) => `${objectAddress(job.source)} (job ${job.id})`;
  return goThrough(walk, { task: 'sweep', name, ports, atOnce }, function* (stored) {
    const { job } = stored;
    // A newer version of this program has written the job, and its sweep helps it.
    if (job.schemaVersion > schemaVersion) return false;
    if ((resting.get(job.id)?.until ?? 0) > ports.clock.now().getTime()) return false;
    try {
      const done = yield* action(stored);
      resting.delete(job.id);
      return done;
    } catch (error) {
      rest(job, error, resting, ports.clock.now());
      const failure = failureOf(error);
      if (failure === null) throw error;
      ports.log.error({ ...ofJob(job), error }, 'The sweep could do nothing for a job, and ends it.');
      yield* failWhereItWaits(job, failure, ports);
      resting.delete(job.id);
      return false;
    }
  });
}

function rest({ id }: Job, error: unknown, resting: Resting, now: Date): void {
  const before = resting.get(id)?.times ?? 0;
  const isOutage = error instanceof OutageError;
  const ms = isOutage ? outageRestMs : Math.min(longestRestMs, restMs * 2 ** before);
  resting.set(id, { until: now.getTime() + ms, times: isOutage ? before : before + 1 });
}

/** Forgets jobs that have rested for long and were not met again. They have ended or were deleted. */
function forgetGone(resting: Resting, now: Date): void {
  for (const [id, { until }] of resting) if (until + longestRestMs < now.getTime()) resting.delete(id);
}

/** What ends the job; null where it may be helped another time. */
function failureOf(error: unknown): JobError | null {
  if (error instanceof PermanentError) return { code: error.code, message: error.message, retryable: false };
  if (error instanceof RefusedError && error.scope === 'request') {
    return { code: 'service_refused', message: error.message, retryable: false };
  }
  return null;
}

function* failWhereItWaits(job: Job, failure: JobError, ports: Ports): Steps<void> {
  const untouched = (current: Job) => !isTerminal(current.state) && current.route.epoch === job.route.epoch;
  yield* recordFailure(job, failure, untouched, ports);
}
