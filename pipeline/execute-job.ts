import { join } from 'node:path';
import { poison } from '@spillway/core/attempt-verdict.ts';
import { MachineError, PermanentError } from '@spillway/core/errors.ts';
import { sizeRefusal } from '@spillway/core/file-size.ts';
import { clockStart, type Job, schemaVersion, type Thumbnails } from '@spillway/core/job.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import {
  isOperationName,
  type OperationName,
  type OperationOptions,
  parseOptions,
} from '@spillway/core/operations.ts';
import type { Receipt } from '@spillway/core/receipt.ts';
import type { Release } from '@spillway/core/semaphore.ts';
import {
  isThenable,
  launch,
  type Steps,
  type Thenable,
  waitFor,
  waitUnlessAborted,
} from '@spillway/core/steps.ts';
import { isPoison } from '@spillway/core/transitions.ts';
import { type HeldClaim, holdClaim } from './claim.ts';
import type { Executor, OperationOutput, OperationRequest } from './executor.ts';
import { ofJob } from './log/of-job.ts';
import type { Outcome } from './outcome.ts';
import type { Download } from './ports/blobs.ts';
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
import { type DescribedResult, type WrittenResult, wantsThumbnails, writeResult } from './results.ts';
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
  /** The download, while it is under way. */
  download: Thenable<unknown> | null;
  executor: Executor;
}

/** The source's file, as it was stored, and when it was here. */
type Source = Extract<Download, { kind: 'downloaded' }> & { at: Date };

/** What the operation made, when it had its slot, and when it had ended. */
type Output = OperationOutput & { waitedMs: number; begunAt: Date; at: Date };

/** Takes a claimed job to its outcome, or gives it back. Throws `OutageError` where neither can be written. */
export function* executeJob(claimed: Stored, token: string, executor: Executor): Steps<Outcome> {
  const { job } = claimed;
  const attempt = beginAttempt(claimed, token, executor);
  let leaveRoom: Release = () => {};
  try {
    yield* makeFolder(attempt);
    checkSize(attempt);
    leaveRoom = yield* waitForRoom(attempt);
    return yield* produce(attempt);
  } catch (error) {
    yield* waitFor(attempt.claim.stop());
    return yield* settleFailure(job, token, yield* causeOf(error, attempt), executor);
  } finally {
    yield* waitFor(attempt.claim.stop());
    // What was given back must not wait for the end of a long download.
    if (attempt.download) launch(leaveLater(attempt, attempt.download, leaveRoom));
    else yield* leave(attempt, leaveRoom);
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
  const source = yield* downloadSource(attempt);
  if (source.kind === 'gone') return yield* endWithoutSource(attempt, source.replaced);
  const output = yield* operate(attempt, source);
  const timings = timingsOf(attempt, source, output);
  const written = yield* store(attempt, source, output, timings);
  return yield* recordResult(attempt, output, written, timings);
}

function beginAttempt(claimed: Stored, token: string, executor: Executor): Attempt {
  executor.flight?.claimed(claimed.job);
  return {
    job: claimed.job,
    token,
    claim: holdClaim(claimed, token, executor),
    folder: executor.folders.pathOf(`job-${token}`),
    startedAt: executor.ports.clock.now(),
    download: null,
    executor,
  };
}

/** A job that must not, or need not, be begun: its claim is lost, or the worker gives back what it has not begun. */
function signalsOf({ claim, executor }: Attempt): AbortSignal[] {
  return [claim.signal, executor.leaving];
}

/** Checks the size that the event states, so that a file that is too large is not downloaded. */
function checkSize({ job }: Attempt): void {
  const refusal = sizeRefusal(job.source.size);
  if (refusal) throw new PermanentError(refusal.code, refusal.message);
}

function* waitForRoom(attempt: Attempt): Steps<Release> {
  const { job, executor } = attempt;
  return executor.flight ? yield* waitFor(executor.flight.room(job, signalsOf(attempt))) : () => {};
}

function downloadSource(attempt: Attempt): Steps<Source | Extract<Download, { kind: 'gone' }>> {
  return traced('download', attempt.job, () => download(attempt), attempt.executor.ports);
}

function* download(attempt: Attempt): Steps<Source | Extract<Download, { kind: 'gone' }>> {
  const { ports, flight } = attempt.executor;
  const download = ports.blobs.download(attempt.job.source, inputPath(attempt));
  if (isThenable(download)) attempt.download = download;
  const downloaded = yield* waitUnlessAborted(download, signalsOf(attempt));
  attempt.download = null;
  if (downloaded.kind === 'gone') return downloaded;
  flight?.fetched();
  return { ...downloaded, at: ports.clock.now() };
}

function endWithoutSource({ token, claim, executor }: Attempt, replaced: boolean): Steps<Outcome> {
  return recordSourceGone(claim.latest(), replaced, withFencingToken(token), executor.ports);
}

/** Waits for a slot, checks the picture and works on it. */
function operate(attempt: Attempt, source: Source): Steps<Output> {
  return traced('process', attempt.job, () => processInSlot(attempt, source), attempt.executor.ports);
}

function* processInSlot(attempt: Attempt, source: Source): Steps<Output> {
  const { job, token, folder, executor } = attempt;
  const { clock } = executor.ports;
  const progress = reportProgress(job, token, executor.ports);
  const request: OperationRequest = {
    ...knownOperation(job),
    inputPath: inputPath(attempt),
    outputPath: join(folder, 'result'),
    thumbnails: wantsThumbnails(job, executor.ports),
    // The signal is made when somebody reads it. A job that ends at once needs none.
    get signal() {
      return AbortSignal.any(signalsOf(attempt));
    },
    onProgress(told) {
      if (told) executor.flight?.delayed();
      progress.tell(told);
    },
  };
  let release: Release = () => {};
  try {
    const fetchedAt = executor.prepare ? yield* prepare(attempt, executor.prepare, request) : source.at;
    if (executor.flight) release = yield* waitFor(executor.flight.slot(job, signalsOf(attempt)));
    const begunAt = clock.now();
    const output = yield* waitFor(executor.operate(request));
    release();
    for (const { step, startedAt, ms } of output.steps) {
      addSpan(step, job, startedAt + ms, executor.ports, { startedAt });
    }
    const waitedMs = between(fetchedAt, begunAt) + (output.slotWaitMs ?? 0);
    return { ...output, waitedMs, begunAt, at: clock.now() };
  } finally {
    release();
    yield* waitFor(progress.settled());
  }
}

/** What an operation needs, such as a model, is fetched without a slot. Returns when it was there. */
function* prepare(
  { executor }: Attempt,
  fetch: NonNullable<Executor['prepare']>,
  request: OperationRequest,
): Steps<Date> {
  yield* waitFor(fetch(request));
  return executor.ports.clock.now();
}

function timingsOf({ job, startedAt }: Attempt, source: Source, output: Output): TimingsSoFar {
  return {
    waitMs: between(clockStart(job), startedAt),
    downloadMs: between(startedAt, source.at),
    slotWaitMs: output.waitedMs,
    processMs: Math.round(Math.min(output.processMs, between(output.begunAt, output.at))),
  };
}

function store(
  attempt: Attempt,
  source: Source,
  output: Output,
  timings: TimingsSoFar,
): Steps<WrittenResult> {
  const { job, executor } = attempt;
  const { thumbnails } = output;
  if (thumbnails?.kind === 'not_made') {
    const { detail } = thumbnails;
    executor.ports.log.warn({ ...ofJob(job), detail }, 'The thumbnails of a job could not be made.');
  }
  const receiptOf = (result: DescribedResult) => receiptFor(attempt, source, output, result, timings);
  function* writeAll(): Steps<WrittenResult> {
    const crc32c = yield* waitFor(executor.folders.checksum(output.path));
    return yield* writeResult(job, { ...output, crc32c }, thumbnails, receiptOf, executor.ports);
  }
  return traced('store', job, writeAll, executor.ports);
}

function receiptFor(
  { job, executor }: Attempt,
  source: Source,
  { model, notes, contentType, madeBy, at }: Output,
  { name: resultName, crc32c }: DescribedResult,
  timings: TimingsSoFar,
): Receipt {
  const { bucket, name, generation } = job.source;
  const { target, worker, ports } = executor;
  return {
    schemaVersion,
    jobId: job.id,
    source: { bucket, name, generation, crc32c: source.crc32c },
    operation: job.operation,
    options: job.options,
    model,
    notes,
    result: { bucket: ports.buckets.results, name: resultName, contentType, crc32c },
    ran: { target, worker: madeBy ?? worker, reason: job.route.reason, explanation: job.route.explanation },
    timings,
    attempts: job.attempt,
    at,
  };
}

function* recordResult(
  { token, claim, executor }: Attempt,
  { contentType, width, height, decodedPixels, model, notes, at }: Output,
  written: WrittenResult,
  timings: TimingsSoFar,
): Steps<Outcome> {
  yield* waitFor(claim.stop());
  const { bucket, name, generation, crc32c, size } = written.result;
  const made = { contentType, width, height, decodedPixels, model, notes };
  const result = {
    ...{ bucket, name, generation, crc32c, size, ...made, receipt: written.receipt.name },
    thumbnails: thumbnailsOf(written),
    mask: written.thumbnails?.mask ?? null,
  };
  return yield* recordSuccess(claim.latest(), result, timings, at, withFencingToken(token), executor.ports);
}

function thumbnailsOf({ thumbnails }: WrittenResult): Thumbnails | null {
  if (!thumbnails) return null;
  const { name, generation, size, parts } = thumbnails;
  return { name, generation, size, parts };
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

function* leaveLater(attempt: Attempt, download: Thenable<unknown>, leaveRoom: Release): Steps<void> {
  try {
    yield* waitFor(download);
  } catch {
    // The job was given back before: nobody waits for its source.
  }
  yield* leave(attempt, leaveRoom);
}

/** A folder that cannot be removed is no reason to do the job again. */
function* leave({ folder, executor }: Attempt, leaveRoom: Release): Steps<void> {
  try {
    yield* waitFor(executor.folders.remove(folder));
  } catch (error) {
    executor.ports.log.warn({ folder, error }, 'The files of a job could not be removed.');
  } finally {
    leaveRoom();
  }
}
