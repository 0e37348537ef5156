import { join } from 'node:path';
import { poison } from '@spillway/core/attempt-verdict.ts';
import { MachineError, PermanentError } from '@spillway/core/errors.ts';
import { sizeRefusal } from '@spillway/core/file-size.ts';
import { clockStart, type Job, schemaVersion } from '@spillway/core/job.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import {
  isOperationName,
  type OperationName,
  type OperationOptions,
  parseOptions,
} from '@spillway/core/operations.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import { isPoison } from '@spillway/core/transitions.ts';
import { type HeldClaim, holdClaim } from './claim.ts';
import type { Executor, OperationOutput } from './executor.ts';
import type { Outcome } from './outcome.ts';
import type { Download, WrittenBlob } from './ports/blobs.ts';
import type { Stored } from './ports/jobs.ts';
import { reportProgress } from './progress.ts';
import {
  between,
  recordFailure,
  recordSourceGone,
  recordSuccess,
  type TimingsSoFar,
  withFencingToken,
} from './record.ts';
import { writeReceipt, writeResult } from './results.ts';
import { settleFailure } from './settle-failure.ts';
import { addSpan, traced } from './telemetry/traced.ts';

/** One attempt at a job that this worker has claimed. */
interface Attempt {
  job: Job;
  /** Fencing token of its claim. */
  token: string;
  claim: HeldClaim;
  /** A folder for the files of this attempt. */
  folder: string;
  startedAt: Date;
  executor: Executor;
}

/** The source's file, as it was stored, and when it was here. */
type Source = Extract<Download, { kind: 'downloaded' }> & { at: Date };

/** What the operation made, and when it had ended. */
type Output = OperationOutput & { at: Date };

/** Takes a claimed job to its outcome, or gives it back. Throws `OutageError` where neither can be written. */
export function* executeJob(claimed: Stored, token: string, executor: Executor): Steps<Outcome> {
  const { job } = claimed;
  const attempt = beginAttempt(claimed, token, executor);
  try {
    yield* makeFolder(attempt);
    return yield* produce(attempt);
  } catch (error) {
    yield* waitFor(attempt.claim.stop());
    return yield* settleFailure(job, token, yield* causeOf(error, attempt), executor);
  } finally {
    yield* waitFor(attempt.claim.stop());
    yield* removeFolder(attempt);
  }
}

/** Ends a job that was claimed as often as allowed, unless a holder of a claim has ended or renewed it since. */
export function endPoisonJob(job: Job, { ports, maxAttempts }: Executor): Steps<Outcome> {
  const { epoch } = job.route;
  const stillPoison = (current: Job) => isPoison(current, epoch, maxAttempts, ports.clock.now());
  return recordFailure(job, poison(job), stillPoison, ports);
}

/** The steps from a claim to its recorded result. Each step throws where the attempt ends there. */
function* produce(attempt: Attempt): Steps<Outcome> {
  checkSize(attempt);
  const source = yield* downloadSource(attempt);
  if (source.kind === 'gone') return yield* endWithoutSource(attempt, source.replaced);
  const output = yield* operate(attempt);
  const timings = timingsOf(attempt, source, output);
  const { result, receipt } = yield* store(attempt, source, output, timings);
  return yield* recordResult(attempt, output, result, receipt, timings);
}

function beginAttempt(claimed: Stored, token: string, executor: Executor): Attempt {
  return {
    job: claimed.job,
    token,
    claim: holdClaim(claimed, token, executor),
    folder: executor.folders.pathOf(`job-${token}`),
    startedAt: executor.ports.clock.now(),
    executor,
  };
}

/** Checks the size that the event states, so that a file that is too large is not downloaded. */
function checkSize({ job }: Attempt): void {
  const refusal = sizeRefusal(job.source.size);
  if (refusal) throw new PermanentError(refusal.code, refusal.message);
}

function downloadSource(attempt: Attempt): Steps<Source | Extract<Download, { kind: 'gone' }>> {
  return traced('download', attempt.job, () => download(attempt), attempt.executor.ports);
}

function* download(attempt: Attempt): Steps<Source | Extract<Download, { kind: 'gone' }>> {
  const { blobs, clock } = attempt.executor.ports;
  const downloaded = yield* waitFor(blobs.download(attempt.job.source, inputPath(attempt)));
  return downloaded.kind === 'gone' ? downloaded : { ...downloaded, at: clock.now() };
}

function endWithoutSource({ token, claim, executor }: Attempt, replaced: boolean): Steps<Outcome> {
  return recordSourceGone(claim.latest(), replaced, withFencingToken(token), executor.ports);
}

/** Checks the picture and works on it. */
function operate(attempt: Attempt): Steps<Output> {
  return traced('process', attempt.job, () => processInChild(attempt), attempt.executor.ports);
}

function* processInChild(attempt: Attempt): Steps<Output> {
  const { job, token, claim, folder, executor } = attempt;
  const progress = reportProgress(job, token, executor.ports);
  try {
    const output = yield* waitFor(
      executor.operate({
        ...knownOperation(job),
        inputPath: inputPath(attempt),
        outputPath: join(folder, 'result'),
        // The signal is made when somebody reads it. A job that ends at once needs none.
        get signal() {
          return AbortSignal.any([claim.signal, executor.leaving]);
        },
        onProgress: progress.tell,
      }),
    );
    for (const { step, startedAt, ms } of output.steps) {
      addSpan(step, job, startedAt + ms, executor.ports, { startedAt });
    }
    return { ...output, at: executor.ports.clock.now() };
  } finally {
    yield* waitFor(progress.settled());
  }
}

function timingsOf({ job, startedAt }: Attempt, source: Source, output: Output): TimingsSoFar {
  return {
    waitMs: between(clockStart(job), startedAt),
    downloadMs: between(startedAt, source.at),
    slotWaitMs: 0,
    processMs: Math.round(Math.min(output.processMs, between(source.at, output.at))),
  };
}

interface StoredFiles {
  result: WrittenBlob;
  receipt: WrittenBlob;
}

function store(attempt: Attempt, source: Source, output: Output, timings: TimingsSoFar): Steps<StoredFiles> {
  const { job, executor } = attempt;
  function* writeBoth(): Steps<StoredFiles> {
    const result = yield* writeResult(job, output, executor.ports);
    return { result, receipt: yield* storeReceipt(attempt, source, output, result, timings) };
  }
  return traced('store', job, writeBoth, executor.ports);
}

function storeReceipt(
  { job, executor }: Attempt,
  source: Source,
  { model, notes, contentType, madeBy, at }: Output,
  result: WrittenBlob,
  timings: TimingsSoFar,
): Steps<WrittenBlob> {
  const { bucket, name, generation } = job.source;
  const { target, worker, ports } = executor;
  const receipt = {
    schemaVersion,
    jobId: job.id,
    source: { bucket, name, generation, crc32c: source.crc32c },
    operation: job.operation,
    options: job.options,
    model,
    notes,
    result: { bucket: result.bucket, name: result.name, contentType, crc32c: result.crc32c },
    ran: { target, worker: madeBy ?? worker, reason: job.route.reason, explanation: job.route.explanation },
    timings,
    attempts: job.attempt,
    at,
  };
  return writeReceipt(job, receipt, ports);
}

function* recordResult(
  { token, claim, executor }: Attempt,
  { contentType, width, height, decodedPixels, model, notes, at }: Output,
  written: WrittenBlob,
  receipt: WrittenBlob,
  timings: TimingsSoFar,
): Steps<Outcome> {
  yield* waitFor(claim.stop());
  const made = { contentType, width, height, decodedPixels, model, notes };
  const result = { ...written, ...made, receipt: receipt.name };
  return yield* recordSuccess(claim.latest(), result, timings, at, withFencingToken(token), executor.ports);
}

function inputPath({ folder }: Attempt): string {
  return join(folder, 'source');
}

/** Operation and options as their schema knows them today: the document may be older than this program. */
function knownOperation(job: Job): { operation: OperationName; options: OperationOptions } {
  if (!isOperationName(job.operation)) throw new PermanentError('unknown_operation');
  const parsed = parseOptions(job.operation, job.options);
  if (!parsed.ok) throw new PermanentError('invalid_options', parsed.message);
  return { operation: job.operation, options: parsed.options };
}

/** The worker chooses the folder's name, so a failure to make it is the machine's. */
function* makeFolder({ folder, executor }: Attempt): Steps<void> {
  try {
    yield* waitFor(executor.folders.make(folder));
  } catch (error) {
    throw folderFault(error);
  }
}

/** A cleaner of temporary files, or a disk that went away, may have taken the folder from under the job. */
function* causeOf(error: unknown, { folder, executor }: Attempt): Steps<unknown> {
  return (yield* waitFor(executor.folders.isThere(folder))) ? error : folderFault(error);
}

function folderFault(cause: unknown): unknown {
  return machineErrorOf(cause) ?? new MachineError('writable_disk', lackSentence('writable_disk'), { cause });
}

/** A folder that cannot be removed is no reason to do the job again. */
function* removeFolder({ folder, executor }: Attempt): Steps<void> {
  try {
    yield* waitFor(executor.folders.remove(folder));
  } catch (error) {
    executor.ports.log.warn({ folder, error }, 'The files of a job could not be removed.');
  }
}
