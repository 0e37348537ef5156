import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { poison } from '@spillway/core/attempt-verdict.ts';
import { MachineError, PermanentError } from '@spillway/core/errors.ts';
import { sizeRefusal } from '@spillway/core/file-size.ts';
import {
  type Claim,
  clockStart,
  type Job,
  type JobResult,
  schemaVersion,
  type Timings,
} from '@spillway/core/job.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import {
  isOperationName,
  type OperationName,
  type OperationOptions,
  parseOptions,
} from '@spillway/core/operations.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { type ClaimAnswer, claimJob, type HeldClaim, holdClaim } from './claim.ts';
import { type Deliverer, type Delivery, givenBack, type Processed } from './delivery.ts';
import type { WrittenBlob } from './ports/blobs.ts';
import { reportProgress } from './progress.ts';
import { between, heldWith, recordFailure, recordGone, recordSuccess } from './record.ts';
import { writeReceipt, writeResult } from './results.ts';
import { settleFailure } from './settle-failure.ts';
import { takeFirstInLine, takeTurn } from './take-turn.ts';

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
        return givenBack('The job is of a newer version.');
      case 'dropped':
        return claim;
      default:
        return claim satisfies never;
    }
  } catch (error) {
    deliverer.ports.log.warn({ error }, 'The delivery was cut off; it will come again.');
    const fault = machineErrorOf(error);
    return givenBack(error, { lack: fault && { what: fault.lack, wantedBytes: 0 } });
  }
}

async function work(job: Job, token: string, deliverer: Deliverer): Promise<Delivery> {
  const held = holdClaim(job, token, deliverer);
  const directory = join(deliverer.workDir, `job-${token}`);
  try {
    await makeDirectory(directory);
    return await produce(job, token, held, directory, deliverer);
  } catch (error) {
    await held.stop();
    const cause = (await isThere(directory)) ? error : directoryFault(error);
    return await settleFailure(job, token, cause, deliverer);
  } finally {
    await held.stop();
    await removeDirectory(directory, deliverer);
  }
}

/** Whatever keeps it from being made lies in the machine: its name is the worker's own. */
async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw machineErrorOf(error) ?? directoryFault(error);
  });
}

/** A cleaner of temporary files, or a disk that went away, may have taken it from under the job. */
async function isThere(directory: string): Promise<boolean> {
  return access(directory).then(
    () => true,
    () => false,
  );
}

function directoryFault(cause: unknown): unknown {
  return machineErrorOf(cause) ?? new MachineError('writable_disk', lackSentence('writable_disk'), { cause });
}

/** What cannot be removed is no reason to do the job again. */
async function removeDirectory(directory: string, { ports }: Deliverer): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    ports.log.warn({ directory, error }, 'The files of a job could not be removed.');
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

/** A job that was claimed as often as allowed ends, unless one of its holders has ended or renewed it meanwhile. */
async function recordPoison(job: Job, deliverer: Deliverer): Promise<Delivery> {
  const { ports, maxAttempts } = deliverer;
  const nobody: Claim = { worker: '', token: '', expiresAt: ports.clock.now() };
  const stillPoison = (current: Job) =>
    transitions.claimed(current, job.route.epoch, nobody, maxAttempts, ports.clock.now()).kind === 'poison';
  return recordFailure(job, poison(job), stillPoison, ports);
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
  const { contentType, width, height, decodedPixels, model, notes } = processed;
  return { ...written, contentType, width, height, decodedPixels, model, notes, receipt };
}
