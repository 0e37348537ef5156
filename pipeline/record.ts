import { RefusedError } from '@spillway/core/errors.ts';
import {
  clockStart,
  isTerminal,
  type Job,
  type JobError,
  type JobResult,
  type Timings,
} from '@spillway/core/job.ts';
import { errorReportName, resultStem } from '@spillway/core/object-names.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { followEnd } from './after-end.ts';
import { changeJob } from './change-job.ts';
import { ofJob } from './log/of-job.ts';
import { claimLost, type Outcome } from './outcome.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { isFirstTry, writeErrorReport } from './results.ts';
import { traced } from './telemetry/traced.ts';

/** Fencing predicate: whether its holder may still end the job as its document is now. */
type FencingPredicate = (current: Job) => boolean;

/** Holds for the claim with this fencing token alone. */
export function withFencingToken(token: string): FencingPredicate {
  return (current) => transitions.holds(current, token);
}

/** Timings up to the end of the operation. */
export type TimingsSoFar = Omit<Timings, 'storeMs' | 'totalMs'>;

/**
 * @param known The job as its holder has last written it.
 * @param operatedAt When the operation had ended.
 */
export function* recordSuccess(
  known: Stored,
  result: JobResult,
  soFar: TimingsSoFar,
  operatedAt: Date,
  mayEnd: FencingPredicate,
  ports: Ports,
): Steps<Outcome> {
  const now = ports.clock.now();
  const timings = {
    ...soFar,
    storeMs: between(operatedAt, now),
    totalMs: between(clockStart(known.job), now),
  };
  const ended = yield* end(
    known.job,
    mayEnd,
    (current) => transitions.succeeded(current, result, timings, now),
    ports,
    known,
  );
  if (!ended) return claimLost;
  if (mayHaveOldThumbnails(ended, ports)) yield* tidyAway(ended, ports);
  return { kind: 'succeeded', ack: true, job: ended };
}

/** An attempt that was cut off may have left thumbnails, and the one that counts has made none (`wantsThumbnails`). */
function mayHaveOldThumbnails(job: Job, { buckets }: Ports): boolean {
  return job.result?.thumbnails === null && job.source.bucket === buckets.webUploads && !isFirstTry(job);
}

/** The source's generation is gone: `replaced` by a newer one, or deleted. */
export function* recordSourceGone(
  known: Stored,
  replaced: boolean,
  mayEnd: FencingPredicate,
  ports: Ports,
): Steps<Outcome> {
  const transition = replaced ? transitions.superseded : transitions.cancelled;
  const ended = yield* end(
    known.job,
    mayEnd,
    (current) => transition(current, ports.clock.now()),
    ports,
    known,
  );
  return ended ? { kind: 'source_gone', ack: true, job: ended } : claimLost;
}

/**
 * Leaves the report for the integrator first, then the document. A report that is refused does not keep the job from its
 * end, where that refusal is what it ends with or concerns the report alone.
 */
export function* recordFailure(
  job: Job,
  error: JobError,
  mayEnd: FencingPredicate,
  ports: Ports,
): Steps<Outcome> {
  const current = yield* waitFor(ports.jobs.get(job.id));
  if (!current || !mayEnd(current.job)) return claimLost;
  try {
    yield* traced('store', job, () => writeErrorReport(job, error, ports.clock.now(), ports), ports);
  } catch (refusal) {
    if (!(refusal instanceof RefusedError)) throw refusal;
    if (refusal.scope === 'service' && error.code !== 'service_refused') throw refusal;
    ports.log.error({ ...ofJob(job), error: refusal }, 'A job ends without its report, which was refused.');
  }
  const fail = (now: Job) => transitions.failed(now, error, ports.clock.now());
  const ended = yield* end(job, mayEnd, fail, ports, current);
  if (!ended) return claimLost;
  // A result and a receipt are written at once: an attempt that was cut off may have left one without the other.
  if (ended.attempt > 1 || error.blame !== 'input') yield* tidyAway(ended, ports);
  return { kind: 'failed', ack: true, job: ended, error };
}

/** The job has ended: files that are left beside its report do not change that. */
function* tidyAway(job: Job, ports: Ports): Steps<void> {
  try {
    yield* removeLeftovers(job.id, ports);
  } catch (error) {
    ports.log.warn(
      { ...ofJob(job), error },
      'What attempts of a job that has ended have left could not be removed.',
    );
  }
}

/**
 * Removes from the results bucket what attempts that did not count have left beside the outcome that did. While the
 * job is open, nothing is left over: the next attempt adopts what is there.
 */
export function* removeLeftovers(id: string, { jobs, blobs, buckets }: Ports): Steps<void> {
  const job = (yield* waitFor(jobs.get(id)))?.job;
  if (!job || !isTerminal(job.state)) return;
  yield* waitFor(blobs.removeAllBut(buckets.results, `${resultStem(job)}.`, namesThatCount(job)));
}

/** Milliseconds. */
export function between(from: Date, to: Date): number {
  return to.getTime() - from.getTime();
}

/** Null when the job may no longer be ended from here; what was written for it is then taken away. */
function* end(
  job: Job,
  mayEnd: FencingPredicate,
  transition: (current: Job) => Job,
  ports: Ports,
  known: Stored | null = null,
): Steps<Job | null> {
  const change = (current: Job) => (mayEnd(current) ? transition(current) : null);
  const stored = yield* traced('record', job, () => changeJob(ports.jobs, job.id, change, known), ports);
  if (!stored) {
    yield* removeLeftovers(job.id, ports);
    return null;
  }
  yield* followEnd(stored, ports);
  return stored.job;
}

function namesThatCount(job: Job): string[] {
  if (job.deletedAt) return [];
  if (job.result) {
    const { name, receipt, thumbnails } = job.result;
    return [name, receipt, ...(thumbnails ? [thumbnails.name] : [])];
  }
  return job.state === 'failed' ? [errorReportName(job)] : [];
}
