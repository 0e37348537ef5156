import {
  type AfterEnd,
  type AttemptFailure,
  afterEnd,
  type Claim,
  isTerminal,
  type Job,
  type JobClass,
  type JobError,
  type JobProgress,
  type JobResult,
  type JobState,
  type Route,
  type Source,
  schemaVersion,
  type Timings,
} from './job.ts';
import { shownText } from './text.ts';

/**
 * Every change that a job can go through, as pure functions from one document to the next. A store writes
 * the new document only if the old one still stands, so each function sees the truth or is run again.
 */

/** How long a finished job's document is kept. */
export const keptAfterEndMs = 30 * 24 * 3_600_000;
/** How long a deleted job's tombstone is kept: longer than any event about its source can still be repeated. */
export const keptTombstoneMs = 400 * 24 * 3_600_000;

/** What somebody asks for: an uploader, or a person who retries. */
export interface JobRequest {
  operation: string;
  options: Record<string, unknown>;
  owner: string | null;
  source: Source;
  class: JobClass;
  batch: string | null;
  batchSize: number | null;
  upload: string | null;
  run: number;
  retryOf: string | null;
  trace: string | null;
  /** The object's `timeCreated`; for a retry, when the person asked for it. */
  clockStartsAt: Date;
}

export interface NewJob extends JobRequest {
  id: string;
  reservation: string;
  /** Milliseconds from `clockStartsAt` to the deadline. */
  objectiveMs: number;
  /** Predicted work with which the job reserves its place in the VMs' ledger. */
  workMs: number;
}

/** A job that holds its place in the ledger, provisionally on the VMs, with nothing published yet. */
export function reserved(job: NewJob, now: Date): Job {
  const { objectiveMs, clockStartsAt, workMs, ...identity } = job;
  const deadlineAt = new Date(clockStartsAt.getTime() + objectiveMs);
  return {
    ...identity,
    schemaVersion,
    revision: 0,
    state: 'queued',
    parent: null,
    route: {
      target: 'vm',
      reason: 'reserved',
      explanation: 'Not decided yet.',
      policy: 'none',
      epoch: 0,
      movedFrom: null,
      workMs,
      turnAt: deadlineAt,
      dollars: 0,
      predicted: null,
      ledger: null,
      at: now,
    },
    createdAt: now,
    deadlineAt,
    publishedAt: null,
    attempt: 0,
    claim: null,
    failedBy: null,
    lastFailure: null,
    machineFaults: 0,
    progress: null,
    timings: null,
    result: null,
    error: null,
    endedAt: null,
    eventPublishedAt: null,
    outbox: null,
    deletedAt: null,
    expiresAt: null,
  };
}

/** A job that was refused before any work: recorded, so that it is seen and not dropped. */
export function refusedAtOnce(job: NewJob, error: JobError, now: Date): Job {
  return failed(reserved(job, now), error, now);
}

/** What a store writes in place of `job`: every replacement raises the revision. */
export function replaced(job: Job, next: Job): Job {
  return { ...next, revision: job.revision + 1 };
}

/** The job in another class, with the deadline that goes with it, counted from when its clock started. */
export function reclassified(job: Job, jobClass: JobClass, objectiveMs: number): Job {
  return { ...job, class: jobClass, deadlineAt: new Date(job.source.timeCreated.getTime() + objectiveMs) };
}

export type RouteChoice = Omit<Route, 'epoch' | 'at' | 'movedFrom'>;

/**
 * The job with its decided route, still to be published. A job that was decided before goes to the next epoch: its
 * message may be out, and must not count beside the new one.
 */
export function routed(job: Job, choice: RouteChoice, now: Date): Job {
  if (job.route.reason !== 'reserved') return moved(job, choice, now);
  return { ...job, route: { ...choice, epoch: job.route.epoch, movedFrom: null, at: now } };
}

export function published(job: Job, now: Date): Job {
  return { ...job, publishedAt: now };
}

/** The job with a later turn among those that wait for the VMs; its message stays good. */
export function postponed(job: Job, turnAt: Date): Job {
  return { ...job, route: { ...job.route, turnAt } };
}

/** The job queued anew under a higher epoch: whatever was published before is worthless. */
export function moved(job: Job, choice: RouteChoice, now: Date): Job {
  return {
    ...job,
    state: 'queued',
    claim: null,
    progress: null,
    publishedAt: null,
    route: {
      ...choice,
      epoch: job.route.epoch + 1,
      movedFrom: choice.target === job.route.target ? job.route.movedFrom : job.route.target,
      at: now,
    },
  };
}

export type Claimability =
  | { kind: 'claimable' }
  | { kind: 'dropped'; why: 'ended' | 'moved' | 'claimed' }
  /** The job was claimed as often as allowed, and no claim led to an outcome. */
  | { kind: 'poison' };

/**
 * Whether a message of epoch `epoch` may claim the job. The message is dropped where the job has ended, was moved, or
 * another worker's claim lives. An expired claim may be taken over, because its token no longer counts.
 */
export function claimability(job: Job, epoch: number, maxAttempts: number, now: Date): Claimability {
  if (isTerminal(job.state)) return { kind: 'dropped', why: 'ended' };
  if (epoch !== job.route.epoch) return { kind: 'dropped', why: 'moved' };
  if (job.claim && job.claim.expiresAt > now) return { kind: 'dropped', why: 'claimed' };
  return { kind: job.attempt >= maxAttempts ? 'poison' : 'claimable' };
}

/** Whether the job was claimed as often as allowed, and no claim of it lives. */
export function isPoison(job: Job, epoch: number, maxAttempts: number, now: Date): boolean {
  return claimability(job, epoch, maxAttempts, now).kind === 'poison';
}

export type ClaimOutcome = { kind: 'claimed'; job: Job } | Exclude<Claimability, { kind: 'claimable' }>;

/** The job under a new claim, where `claimability` allows one. */
export function claimed(job: Job, epoch: number, claim: Claim, maxAttempts: number, now: Date): ClaimOutcome {
  const may = claimability(job, epoch, maxAttempts, now);
  if (may.kind !== 'claimable') return may;
  return {
    kind: 'claimed',
    job: { ...job, state: 'processing', claim, progress: null, attempt: job.attempt + 1 },
  };
}

/** Whether the claim with this token is still the one that counts. */
export function holds(job: Job, token: string): boolean {
  return job.state === 'processing' && job.claim?.token === token;
}

export function renewed(job: Job, claim: Claim): Job {
  return { ...job, claim };
}

export function progressed(job: Job, progress: JobProgress | null): Job {
  return { ...job, progress };
}

/** The job given back after an attempt that counts: the same message will bring it again. */
export function attemptFailed(job: Job, failure: AttemptFailure, worker: string, now: Date): Job {
  return { ...queuedAgain(job, now), failedBy: worker, lastFailure: failure };
}

/** The job given back by a worker that only leaves, or met an outage: the attempt does not count. */
export function handedBack(job: Job, now: Date): Job {
  return { ...queuedAgain(job, now), attempt: job.attempt - 1 };
}

/** The job given back by a machine that cannot work: the attempt does not count, and others should have the job. */
export function leftByMachine(job: Job, worker: string, now: Date): Job {
  return { ...handedBack(job, now), failedBy: worker, machineFaults: job.machineFaults + 1 };
}

function queuedAgain(job: Job, now: Date): Job {
  return { ...job, state: 'queued', claim: null, progress: null, publishedAt: now };
}

/** Milliseconds for each attempt. */
const restMs = 5_000;

/** Whether this worker should leave the job to others, since it has just failed at it. */
export function shouldLeaveToOthers(job: Job, worker: string, now: Date): boolean {
  const { failedBy, publishedAt, attempt } = job;
  if (failedBy !== worker || publishedAt === null) return false;
  return now.getTime() - publishedAt.getTime() < restMs * Math.max(1, attempt);
}

export function succeeded(job: Job, result: JobResult, timings: Timings, now: Date): Job {
  return ended({ ...job, result, timings, error: null }, 'succeeded', now);
}

export function failed(job: Job, error: JobError, now: Date): Job {
  return ended({ ...job, error: storableError(error) }, 'failed', now);
}

/** Bytes of an error's message. */
const mostMessageBytes = 1_000;

/** The error with a message that can be stored: it may quote what a stranger sent. */
export function storableError(error: JobError): JobError {
  return { ...error, message: shownText(error.message, mostMessageBytes) };
}

export function superseded(job: Job, now: Date): Job {
  return ended(job, 'superseded', now);
}

export function cancelled(job: Job, now: Date): Job {
  return ended(job, 'cancelled', now);
}

/** What stays of a job that a person deleted: enough to know a repeated event, nothing of the picture. */
export function tombstone(job: Job, now: Date): Job {
  return {
    ...job,
    options: {},
    result: null,
    deletedAt: now,
    expiresAt: new Date(now.getTime() + keptTombstoneMs),
  };
}

/** The job without what was done of its outbox. */
export function followed(job: Job, done: readonly AfterEnd[], now: Date): Job {
  const left = job.outbox?.effects.filter((name) => !done.some((each) => each === name)) ?? [];
  const eventPublishedAt = done.includes('event') ? now : job.eventPublishedAt;
  return {
    ...job,
    eventPublishedAt,
    outbox: job.outbox && left.length > 0 ? { ...job.outbox, effects: left } : null,
  };
}

function ended(job: Job, state: JobState, now: Date): Job {
  return {
    ...job,
    state,
    progress: null,
    endedAt: now,
    eventPublishedAt: null,
    outbox: { since: now, effects: [...afterEnd] },
    expiresAt: new Date(now.getTime() + keptAfterEndMs),
  };
}
