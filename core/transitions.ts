import {
  type AfterEnd,
  type AttemptFailure,
  afterEnd,
  type Claim,
  clockStart,
  type GiveBackReason,
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
import { decidedEntry, withEntry, withoutPublished, workerOfEntry } from './job-history.ts';
import { searchOf, searchOfEnded } from './job-search.ts';
import { laneNamesOf, waitsInLanes } from './routing/lanes.ts';
import { shownText } from './text.ts';

/**
 * Every change of a job, as a pure function from one document to the next. A store writes the new document only over
 * the version that was read, so each function sees the truth or is called again.
 */

/** Milliseconds that the document of an ended job is kept. */
export const keptAfterEndMs = 30 * 24 * 3_600_000;
/** Milliseconds that a tombstone is kept: longer than an event about its source can be repeated. */
export const keptTombstoneMs = 400 * 24 * 3_600_000;

/** A request by an uploader, or by a person who retries. */
export interface JobRequest {
  operation: string;
  options: Record<string, unknown>;
  owner: string | null;
  source: Source;
  class: JobClass;
  batch: string | null;
  batchSize: number | null;
  batchIndex: number | null;
  upload: string | null;
  run: number;
  retryOf: string | null;
  rerunOf: string | null;
  trace: string | null;
  /** The prefix of the source rule that the upload follows; null where it follows none. */
  rulePrefix?: string | null;
  /** The object's `timeCreated`; for a retry or a re-run, when the person asked for it. */
  clockStartsAt: Date;
}

export interface NewJob extends JobRequest {
  id: string;
  reservation: string;
  /** Milliseconds from `clockStartsAt` to the deadline. */
  objectiveMs: number;
  /** Predicted work that the job reserves in the VMs' ledger, in milliseconds of one slot. */
  workMs: number;
}

/** A new job. It counts in the VMs' ledger until its target is decided, and nothing is published yet. */
export function reserved(job: NewJob, now: Date): Job {
  const { objectiveMs, clockStartsAt, workMs, rulePrefix, ...identity } = job;
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
      lanes: [],
      decideBy: null,
      dollars: 0,
      predicted: null,
      ledger: null,
      at: now,
    },
    createdAt: now,
    deadlineAt,
    publishedAt: null,
    vmWorkMs: workMs,
    attempt: 0,
    claim: null,
    failedBy: null,
    lastFailure: null,
    machineFaults: 0,
    progress: null,
    history: [],
    timings: null,
    result: null,
    error: null,
    endedAt: null,
    eventPublishedAt: null,
    outbox: null,
    deletedAt: null,
    search: searchOf(job, rulePrefix),
    expiresAt: null,
  };
}

/**
 * A new job whose decision is left to the sweep. It counts in no ledger until it is decided, and no worker sees it.
 */
export function deferred(job: NewJob, now: Date): Job {
  const created = reserved(job, now);
  const explanation = 'Not decided yet: the sweep decides such jobs in groups.';
  return { ...created, route: { ...created.route, explanation, turnAt: null, decideBy: created.deadlineAt } };
}

/** A new job that has failed before any work. It is recorded, so that people see it. */
export function refusedAtOnce(job: NewJob, error: JobError, now: Date): Job {
  return failed(reserved(job, now), error, now);
}

/**
 * The document that a store writes in place of `job`. Every replacement raises the revision, and puts the job into its
 * lanes or takes it out of them.
 */
export function replaced(job: Job, next: Job): Job {
  return { ...next, route: inLanes(next), revision: job.revision + 1 };
}

function inLanes({ id, state, route }: Job): Route {
  if (!waitsInLanes({ state, route })) return route.lanes.length === 0 ? route : { ...route, lanes: [] };
  return route.lanes.length > 0 ? route : { ...route, lanes: laneNamesOf(id) };
}

/** The job in another class, with that class's deadline. */
export function reclassified(job: Job, jobClass: JobClass, objectiveMs: number): Job {
  return { ...job, class: jobClass, deadlineAt: new Date(clockStart(job).getTime() + objectiveMs) };
}

export type RouteChoice = Omit<Route, 'epoch' | 'at' | 'movedFrom' | 'lanes' | 'decideBy'>;

/**
 * The job with its decided route, to be published. If the job was decided before, its message may be out and must no
 * longer count, so the epoch is raised.
 */
export function routed(job: Job, choice: RouteChoice, now: Date): Job {
  if (job.route.reason !== 'reserved') return moved(job, choice, now);
  const { epoch } = job.route;
  const route: Route = { ...choice, lanes: [], decideBy: null, epoch, movedFrom: null, at: now };
  return withEntry({ ...job, route }, decidedEntry(route));
}

export function published(job: Job, now: Date): Job {
  return withEntry({ ...job, publishedAt: now }, { kind: 'published', at: now });
}

/** The job whose message could not be handed over after all. */
export function unpublished(job: Job): Job {
  return { ...withoutPublished(job), publishedAt: null };
}

/** The job with a later turn in the VMs' line. Its message stays valid. */
export function postponed(job: Job, turnAt: Date): Job {
  return { ...job, route: { ...job.route, turnAt } };
}

/** The job queued again under a higher epoch, so that earlier messages no longer count. */
export function moved(job: Job, choice: RouteChoice, now: Date): Job {
  const { target, movedFrom, epoch } = job.route;
  const isElsewhere = choice.target !== target;
  const route: Route = {
    ...choice,
    lanes: [],
    decideBy: null,
    epoch: epoch + 1,
    movedFrom: isElsewhere ? target : movedFrom,
    at: now,
  };
  return withEntry(
    { ...job, state: 'queued', claim: null, progress: null, publishedAt: null, route },
    decidedEntry({ ...route, movedFrom: isElsewhere ? target : null }),
  );
}

export type Claimability =
  | { kind: 'claimable' }
  | { kind: 'dropped'; why: 'ended' | 'moved' | 'claimed' }
  /** The job was claimed as often as allowed and never ended. */
  | { kind: 'poison' };

/**
 * Whether a message of this epoch may claim the job. The message is dropped if the job has ended, was moved, or has a
 * claim that has not expired. An expired claim may be taken over, because its fencing token no longer counts.
 */
export function claimability(job: Job, epoch: number, maxAttempts: number, now: Date): Claimability {
  if (isTerminal(job.state)) return { kind: 'dropped', why: 'ended' };
  if (epoch !== job.route.epoch) return { kind: 'dropped', why: 'moved' };
  if (job.claim && job.claim.expiresAt > now) return { kind: 'dropped', why: 'claimed' };
  return { kind: job.attempt >= maxAttempts ? 'poison' : 'claimable' };
}

/** Whether the job was claimed as often as allowed, and its last claim has expired or is gone. */
export function isPoison(job: Job, epoch: number, maxAttempts: number, now: Date): boolean {
  return claimability(job, epoch, maxAttempts, now).kind === 'poison';
}

export type ClaimOutcome = { kind: 'claimed'; job: Job } | Exclude<Claimability, { kind: 'claimable' }>;

/** The job under a new claim, if `claimability` allows one. */
export function claimed(job: Job, epoch: number, claim: Claim, maxAttempts: number, now: Date): ClaimOutcome {
  const may = claimability(job, epoch, maxAttempts, now);
  if (may.kind !== 'claimable') return may;
  const attempt = job.attempt + 1;
  const next: Job = { ...job, state: 'processing', claim, progress: null, attempt };
  const worker = workerOfEntry(claim.worker);
  return { kind: 'claimed', job: withEntry(next, { kind: 'claimed', at: now, worker, attempt }) };
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

/** The job given back after an attempt that counts. The same message will come again. */
export function attemptFailed(job: Job, failure: AttemptFailure, worker: string, now: Date): Job {
  const back = queuedAgain(noted(job, 'failed', now, failure), now);
  return { ...back, failedBy: worker, lastFailure: failure };
}

/**
 * The job given back by a worker that leaves or met an outage. The attempt does not count.
 * @param publishedAt When its message was published; null: it has none, and the sweep publishes one.
 */
export function handedBack(
  job: Job,
  why: Exclude<GiveBackReason, 'failed'>,
  publishedAt: Date | null,
  now: Date,
): Job {
  return { ...queuedAgain(noted(job, why, now), publishedAt), attempt: job.attempt - 1 };
}

/** The job given back by a machine that cannot work. The attempt does not count, and others should take the job. */
export function leftByMachine(job: Job, worker: string, now: Date): Job {
  const back = handedBack(job, 'machine', now, now);
  return { ...back, failedBy: worker, machineFaults: job.machineFaults + 1 };
}

/** The job whose history says that its worker gave it back. */
function noted(job: Job, why: GiveBackReason, at: Date, failure: AttemptFailure | null = null): Job {
  const worker = workerOfEntry(job.claim?.worker ?? '');
  const code = failure?.code ?? null;
  return withEntry(job, { kind: 'given_back', at, worker, attempt: job.attempt, why, code });
}

function queuedAgain(job: Job, publishedAt: Date | null): Job {
  return { ...job, state: 'queued', claim: null, progress: null, publishedAt };
}

/** Milliseconds per attempt for which a worker leaves a job that failed there to others. */
const restMs = 5_000;

/** Whether this worker should leave the job to others, because its own attempt has just failed. */
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

/** Most bytes of an error's message. */
const mostMessageBytes = 1_000;

/** The error with a message that can be stored. The original may quote a stranger's text. */
export function storableError(error: JobError): JobError {
  return { ...error, message: shownText(error.message, mostMessageBytes) };
}

export function superseded(job: Job, now: Date): Job {
  return ended(job, 'superseded', now);
}

export function cancelled(job: Job, now: Date): Job {
  return ended(job, 'cancelled', now);
}

/** What stays of a deleted job: enough to recognise a repeated event, and nothing of the picture. */
export function tombstone(job: Job, now: Date): Job {
  return {
    ...job,
    options: {},
    result: null,
    search: null,
    history: [],
    deletedAt: now,
    expiresAt: new Date(now.getTime() + keptTombstoneMs),
  };
}

/** The job after `done` of its outbox was done. */
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
  const { route } = job;
  const code = state === 'failed' ? (job.error?.code ?? null) : null;
  const end = withEntry({ ...job, state, endedAt: now }, { kind: 'ended', at: now, state, code });
  return {
    ...end,
    route: route.decideBy === null ? route : { ...route, decideBy: null },
    progress: null,
    search: searchOfEnded(end),
    eventPublishedAt: null,
    outbox: { since: now, effects: [...afterEnd] },
    expiresAt: new Date(now.getTime() + keptAfterEndMs),
  };
}
