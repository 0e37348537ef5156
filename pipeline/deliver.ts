import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  failureCodes,
  OutageError,
  PermanentError,
  RefusedError,
  RetryableError,
} from '@spillway/core/errors.ts';
import { sizeRefusal } from '@spillway/core/file-size.ts';
import {
  type Claim,
  clockStart,
  type Job,
  type JobError,
  type JobProgress,
  type JobResult,
  type Model,
  schemaVersion,
  type Target,
  type Timings,
} from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import {
  isOperationName,
  type OperationName,
  type OperationOptions,
  parseOptions,
} from '@spillway/core/operations.ts';
import { refusalOf } from '@spillway/core/refusal.ts';
import type { LearnedServices } from '@spillway/core/routing/service-times.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { changeJob } from './change-job.ts';
import { type ClaimAnswer, claimJob, type HeldClaim, holdClaim } from './claim.ts';
import type { WrittenBlob } from './ports/blobs.ts';
import type { Ports } from './ports/ports.ts';
import { reportProgress } from './progress.ts';
import { between, heldWith, recordFailure, recordGone, recordSuccess, removeLeftovers } from './record.ts';
import { writeReceipt, writeResult } from './results.ts';
import { takeFirstInLine, takeTurn } from './take-turn.ts';

/** How long a job that met an outage lets others pass, in milliseconds. */
const outageMs = 5_000;

/** What an operation made of a picture. */
export interface Processed {
  path: string;
  contentType: string;
  extension: string;
  width: number;
  height: number;
  model: Model | null;
  /** What a person should know of how it was made, one sentence each. */
  notes: string[];
  processMs: number;
}

/**
 * Runs an operation on a file. Throws `PermanentError` when the picture is at fault, `RetryableError` when the
 * attempt is.
 */
export type Process = (request: {
  operation: OperationName;
  options: OperationOptions;
  inputPath: string;
  outputPath: string;
  signal: AbortSignal;
  /** Says what the job waits for before its work begins; null once it does. */
  onProgress: (progress: JobProgress | null) => void;
}) => Promise<Processed>;

export interface Deliverer {
  ports: Ports;
  process: Process;
  /** The worker's id, as in its heartbeat. */
  worker: string;
  target: Target;
  /** Directory for the files of jobs in progress. */
  workDir: string;
  claimMs: number;
  maxAttempts: number;
  /** What this worker has learned of its own service times. */
  learned: () => LearnedServices;
  /** Aborted when the worker has to leave: what it has not finished by then is given back, uncounted. */
  leaving: AbortSignal;
}

/** What became of one delivery of a message. */
export type Delivery =
  | { kind: 'succeeded'; job: Job }
  | { kind: 'failed'; job: Job; error: JobError }
  /** The source is gone, so the job ended `superseded` or `cancelled`. */
  | { kind: 'ended'; job: Job }
  /** Nothing to do: the job has ended, was moved, is in other hands, or is unknown. */
  | { kind: 'dropped'; why: 'ended' | 'moved' | 'claimed' | 'unknown' | 'claim_lost' }
  /** `failed`: the job whose attempt failed, for a reason that may lie in the worker; null for all other reasons. */
  | { kind: 'given_back'; why: string; failed: string | null };

/** Whether Pub/Sub should forget the message or bring it again. */
export function isSettled(delivery: Delivery): boolean {
  return delivery.kind !== 'given_back';
}

/**
 * Does the job that a message names, on a VM the one whose turn it is: claim, download, process, store, record. Pull
 * and push both end here.
 * Any number of deliveries of one message have the effect of one. Never throws: what may pass is `given_back`.
 */
export async function deliver(message: JobMessage, deliverer: Deliverer): Promise<Delivery> {
  const claim = deliverer.target === 'vm' ? takeTurn : claimJob;
  return serve(() => claim(message, deliverer), deliverer);
}

/** Does what is first in the VMs' line; null where nothing waits. Never throws. */
export async function deliverNext(deliverer: Deliverer): Promise<Delivery | null> {
  let nothingWaits = false;
  const delivery = await serve(async () => {
    const claim = await takeFirstInLine(deliverer);
    nothingWaits = claim === null;
    return claim ?? { kind: 'dropped', why: 'unknown' };
  }, deliverer);
  return nothingWaits ? null : delivery;
}

async function serve(claimOne: () => Promise<ClaimAnswer>, deliverer: Deliverer): Promise<Delivery> {
  try {
    const claim = await claimOne();
    switch (claim.kind) {
      case 'claimed':
        return await work(claim.job, claim.token, deliverer);
      case 'poison':
        return await recordPoison(claim.job, deliverer);
      case 'newer':
        return { kind: 'given_back', why: 'The job is of a newer version.', failed: null };
      case 'dropped':
        return claim;
      default:
        return claim satisfies never;
    }
  } catch (error) {
    deliverer.ports.log.warn({ error }, 'The delivery was cut off; it will come again.');
    return { kind: 'given_back', why: reasonOf(error), failed: null };
  }
}

async function work(job: Job, token: string, deliverer: Deliverer): Promise<Delivery> {
  const held = holdClaim(job, token, deliverer);
  const directory = join(deliverer.workDir, `job-${token}`);
  try {
    await mkdir(directory, { recursive: true });
    return await produce(job, token, held, directory, deliverer);
  } catch (error) {
    await held.stop();
    return await settleFailure(job, token, error, deliverer);
  } finally {
    await held.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function produce(
  job: Job,
  token: string,
  held: HeldClaim,
  directory: string,
  deliverer: Deliverer,
): Promise<Delivery> {
  const { ports } = deliverer;
  const started = ports.clock.now();
  checkSize(job);
  const inputPath = join(directory, 'source');
  const source = await ports.blobs.download(job.source, inputPath);
  if (source.kind === 'gone') return recordGone(job, source.replaced, heldWith(token), ports);
  const downloaded = ports.clock.now();

  const progress = reportProgress(job, token, ports);
  const request = {
    ...runnable(job),
    inputPath,
    outputPath: join(directory, 'result'),
    signal: AbortSignal.any([held.signal, deliverer.leaving]),
    onProgress: progress.tell,
  };
  const processed = await deliverer.process(request).finally(progress.settled);
  const done = ports.clock.now();

  const timings = timingsUntil(job, started, downloaded, done, processed.processMs);
  const written = await writeResult(job, processed, ports);
  const receipt = await writeReceipt(
    job,
    receiptOf(job, source.crc32c, processed, written, timings, deliverer, done),
    ports,
  );
  await held.stop();
  const result = resultOf(processed, written, receipt.name);
  return recordSuccess(job, result, { ...timings, done }, heldWith(token), ports);
}

/** By the size in the event: nothing is downloaded only to be refused. */
function checkSize({ source }: Job): void {
  const refusal = sizeRefusal(source.size);
  if (refusal) throw new PermanentError(refusal.code, refusal.message);
}

/** Operation and options as their schema knows them today: the document may be older than this program. */
function runnable(job: Job): { operation: OperationName; options: OperationOptions } {
  if (!isOperationName(job.operation)) throw new PermanentError('unknown_operation');
  const parsed = parseOptions(job.operation, job.options);
  if (!parsed.ok) throw new PermanentError('invalid_options', parsed.message);
  return { operation: job.operation, options: parsed.options };
}

/** Permanent failures and last attempts are recorded; an outage or a drain is not the job's fault and not counted. */
async function settleFailure(
  job: Job,
  token: string,
  error: unknown,
  deliverer: Deliverer,
): Promise<Delivery> {
  if (error instanceof PermanentError) {
    const failure = { code: error.code, message: error.message, retryable: false };
    return recordFailure(job, failure, heldWith(token), deliverer.ports);
  }
  if (error instanceof RefusedError) {
    const refusal = refusalOf(job, error, deliverer.ports.clock.now());
    if (refusal) return recordFailure(job, refusal, heldWith(token), deliverer.ports);
  }
  const isOutage = error instanceof OutageError || error instanceof RefusedError;
  const blameless = isOutage || deliverer.leaving.aborted;
  if (!blameless && job.attempt >= deliverer.maxAttempts) {
    return recordFailure(job, lastFailure(job, error), heldWith(token), deliverer.ports);
  }
  deliverer.ports.log.warn(
    { jobId: job.id, attempt: job.attempt, error },
    'The attempt failed; the job is given back.',
  );
  const stored = await changeJob(deliverer.ports.jobs, job.id, (current) => {
    if (!transitions.holds(current, token)) return null;
    const now = deliverer.ports.clock.now();
    const back = transitions.released(current, blameless ? null : deliverer.worker, now);
    if (!blameless) return back;
    const uncounted = { ...back, attempt: back.attempt - 1 };
    // What a service does not give for this job now, it may give for others: they pass.
    return isOutage ? transitions.postponed(uncounted, outageTurn(current, now)) : uncounted;
  });
  if (stored) return { kind: 'given_back', why: reasonOf(error), failed: blameless ? null : job.id };
  await removeLeftovers(job.id, deliverer.ports);
  return { kind: 'dropped', why: 'claim_lost' };
}

/** Not earlier than it was, and not before others have had theirs. */
function outageTurn({ route, deadlineAt }: Job, now: Date): Date {
  return new Date(Math.max((route.turnAt ?? deadlineAt).getTime(), now.getTime() + outageMs));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A job that was claimed as often as allowed ends, unless one of its holders has ended or renewed it meanwhile. */
async function recordPoison(job: Job, deliverer: Deliverer): Promise<Delivery> {
  const { ports, maxAttempts } = deliverer;
  const nobody: Claim = { worker: '', token: '', expiresAt: ports.clock.now() };
  const stillPoison = (current: Job) =>
    transitions.claimed(current, job.route.epoch, nobody, maxAttempts, ports.clock.now()).kind === 'poison';
  return recordFailure(job, poison(job), stillPoison, ports);
}

/** What ended the last attempt: the picture, which crashed the child, or something that is not its fault. */
function lastFailure(job: Job, error: unknown): JobError {
  if (!(error instanceof RetryableError)) {
    return { code: 'internal', message: failureCodes.internal, retryable: true };
  }
  if (error.code === 'internal') return poison(job);
  return { code: error.code, message: error.message, retryable: true };
}

function poison(job: Job): JobError {
  const message = `The picture stopped the program that worked on it ${job.attempt} times.`;
  return { code: 'poison', message, retryable: true };
}

function timingsUntil(job: Job, started: Date, downloaded: Date, done: Date, processMs: number) {
  return {
    waitMs: between(clockStart(job), started),
    downloadMs: between(started, downloaded),
    processMs: Math.round(Math.min(processMs, between(downloaded, done))),
  };
}

function receiptOf(
  job: Job,
  sourceCrc32c: string,
  { model, notes, contentType }: Processed,
  written: WrittenBlob,
  timings: Omit<Timings, 'storeMs' | 'totalMs'>,
  { target, worker }: Deliverer,
  at: Date,
) {
  const { bucket, name, generation } = job.source;
  return {
    schemaVersion,
    jobId: job.id,
    source: { bucket, name, generation, crc32c: sourceCrc32c },
    operation: job.operation,
    options: job.options,
    model,
    notes,
    result: { bucket: written.bucket, name: written.name, contentType, crc32c: written.crc32c },
    ran: { target, worker, reason: job.route.reason, explanation: job.route.explanation },
    timings,
    attempts: job.attempt,
    at,
  };
}

function resultOf(processed: Processed, written: WrittenBlob, receipt: string): JobResult {
  const { contentType, width, height, model, notes } = processed;
  return { ...written, contentType, width, height, model, notes, receipt };
}
