import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { messageOf, PermanentError, RetryableError, UnexpectedError } from '@spillway/core/errors.ts';
import { largestFile, sizeRefusal } from '@spillway/core/file-size.ts';
import { machineErrorOf } from '@spillway/core/machine-lack.ts';
import { isOperationName, parseOptions } from '@spillway/core/operations.ts';
import type { PackedIndex } from '@spillway/core/packed-pictures.ts';
import type { ResultExtension } from '@spillway/core/picture-types.ts';
import { Semaphore } from '@spillway/core/semaphore.ts';
import type { CallerCheck } from '@spillway/pipeline/callers/check-caller.ts';
import type { OperationOutput, OperationRequest } from '@spillway/pipeline/executor.ts';
import {
  BrokenFrameError,
  describeFile,
  headLine,
  inTime,
  openFrame,
  saveBody,
  type TransferLimits,
} from '@spillway/pipeline/pictures/frame.ts';
import {
  type FailureBody,
  frameContentType,
  type InstanceReport,
  type PictureFailure,
  type PictureHead,
  pictureHeadSchema,
  processPath,
  type ResultHead,
  statusOf,
  wireFormat,
} from '@spillway/pipeline/pictures/wire.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { PictureWorker } from '@spillway/worker/picture-worker.ts';
import { Hono } from 'hono';
import { z } from 'zod';
import { guardCalls } from './guard-calls.ts';
import type { SelfCheck } from './self-check.ts';

/** 32 MiB over a line of 2.5 Mbit/s. */
const usualLimits: TransferLimits = { idleMs: 20_000, mostMs: 120_000 };

export interface PicturesApp {
  app: Hono<{ Bindings: HttpBindings }>;
  /** Resolves when no request is under way. */
  idle(): Promise<void>;
  /** Calls off what is under way. Its sender may send it again. */
  giveUp(): void;
}

/**
 * `POST /process`: does an operation on the picture that is sent, and answers with the result. What crosses the wire is in
 * `pipeline/pictures/wire.ts`. A request holds a slot while its picture is worked on: others are received and answered beside
 * it, up to the service's concurrency. It leaves nothing behind, and an answer that is cut off is a failure for its sender,
 * who knows size and checksum from its first line.
 */
export function createPicturesApp(
  worker: PictureWorker,
  selfCheck: Omit<SelfCheck, 'lost'>,
  {
    check,
    log,
    concurrency = worker.slots,
    limits = usualLimits,
  }: { check: CallerCheck; log: Log; concurrency?: number; limits?: TransferLimits },
): PicturesApp {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const slots = new Semaphore(worker.slots);
  const underWay = new Set<AbortController>();
  let idle = Promise.withResolvers<void>();
  idle.resolve();

  // Not `/healthz`: Cloud Run keeps paths that end in z (https://cloud.google.com/run/docs/known-issues#ah).
  app.get('/health', (context) => {
    const why = selfCheck.unfit();
    const report = why === null ? { status: 'ready' } : { status: 'unfit', detail: why };
    const more = { serves: 'pictures', slots: worker.slots, busy: slots.taken, inFlight: underWay.size };
    return context.json({ ...report, ...more }, why === null ? 200 : 503);
  });
  guardCalls(app, check);
  app.post(processPath, async ({ env: { incoming, outgoing }, req }) => {
    const arrivedAt = performance.now();
    const trace = req.header('traceparent');
    // Nothing is awaited between these checks and the taking of a place: another request could take the same one.
    const refusal = whyNotNow();
    if (refusal) {
      answerFailure(refusal, outgoing, arrivedAt);
      return RESPONSE_ALREADY_SENT;
    }
    const request = new AbortController();
    if (underWay.size === 0) idle = Promise.withResolvers();
    underWay.add(request);
    outgoing.once('close', () => {
      underWay.delete(request);
      if (underWay.size === 0) idle.resolve();
      if (!outgoing.writableFinished) request.abort(new CalledOffError('Its sender has hung up.'));
    });
    await serve({ incoming, outgoing, arrivedAt, signal: request.signal, trace });
    return RESPONSE_ALREADY_SENT;
  });
  app.onError((error, context) => {
    log.error({ error }, 'The endpoint for pictures failed.');
    return context.text('Internal error.', 500);
  });

  function whyNotNow(): PictureFailure | null {
    const unfit = selfCheck.unfit();
    if (unfit !== null) return { kind: 'unfit', message: unfit };
    if (underWay.size < concurrency) return null;
    log.error(
      { concurrency },
      'More pictures came at a time than this instance takes, so one was refused: give the service a concurrency of SPILLWAY_CONCURRENCY, or of SPILLWAY_SLOTS where that is not set.',
    );
    return { kind: 'busy', message: 'As many pictures as it takes are under way.' };
  }

  async function serve(exchange: Exchange): Promise<void> {
    const { outgoing, arrivedAt, signal, trace } = exchange;
    const folder = join(worker.folder, `request-${randomUUID()}`);
    const ms = () => Math.round(performance.now() - arrivedAt);
    let operation: string | undefined;
    try {
      await mkdir(folder);
      const head = await receive(exchange, join(folder, 'source'));
      ({ operation } = head);
      const output = await workInSlot(requestOf(head, folder, signal));
      await answerResult(output, exchange);
      log.info({ trace, operation, ms: ms() }, 'A picture was worked on.');
    } catch (error) {
      const failure = failureOf(error);
      tell(failure, { trace, operation, failure: failure.kind, ms: ms(), error });
      if (failure.kind === 'machine') selfCheck.suspect(failure.message, 0);
      await selfCheck.settled();
      if (outgoing.headersSent) outgoing.destroy();
      else answerFailure(failure, outgoing, arrivedAt);
    } finally {
      await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
        log.warn({ error }, 'The files of a request could not be removed.'),
      );
    }
  }

  async function workInSlot(request: OperationRequest): Promise<SlottedOutput> {
    const waitsFrom = performance.now();
    const release = await slots.acquire({ signals: [request.signal] });
    const slotWaitMs = Math.round(performance.now() - waitsFrom);
    try {
      return { ...(await worker.operate(request)), slotWaitMs };
    } finally {
      release();
    }
  }

  /** What its sender can mend is no warning here. */
  function tell({ kind }: PictureFailure, fields: object): void {
    if (kind === 'permanent' || kind === 'malformed') log.info(fields, 'A picture was refused.');
    else log.warn(fields, 'A picture was not worked on.');
  }

  /** The picture, in a file, and what is wanted of it. */
  async function receive({ incoming }: Exchange, path: string): Promise<PictureHead> {
    const { head, body } = await openFrame(inTime(incoming, limits));
    const read = pictureHeadSchema.safeParse(head);
    if (!read.success) throw new BrokenFrameError(`Its first line: ${z.prettifyError(read.error)}`);
    const refused = sizeRefusal(read.data.size, largestFile);
    if (refused) throw new PermanentError(refused.code, refused.message);
    const { size, crc32c } = read.data;
    await saveBody(body, { path, size, crc32c });
    return read.data;
  }

  async function answerResult(
    { path, madeBy: _, ...output }: SlottedOutput,
    { outgoing, arrivedAt, signal }: Exchange,
  ): Promise<void> {
    const { steps, extension, thumbnails: made, ...described } = output;
    if (made?.kind === 'not_made') log.warn({ detail: made.detail }, 'Thumbnails could not be made.');
    const small = made?.kind === 'made' ? made : null;
    const [file, thumbnails] = await Promise.all([
      describeFile(path),
      small && describeFile(small.path).then((described) => ({ ...described, ...indexOf(small) })),
    ]);
    signal.throwIfAborted();
    const now = Date.now();
    const head: ResultHead = {
      format: wireFormat,
      ...file,
      ...described,
      thumbnails,
      extension: extension as ResultExtension,
      steps: steps.map(({ step, startedAt, ms }) => ({ step, ms, agoMs: now - startedAt })),
      instance: report(arrivedAt),
    };
    const line = headLine(head);
    outgoing.writeHead(200, {
      'Content-Type': frameContentType,
      'Content-Length': line.length + file.size + (thumbnails?.size ?? 0),
    });
    outgoing.write(line);
    outgoing.setTimeout(limits.idleMs, () => outgoing.destroy());
    const paths = [path, ...(small ? [small.path] : [])];
    await pipeline(filesOf(paths), outgoing, { signal: AbortSignal.timeout(limits.mostMs) });
  }

  function answerFailure(failure: PictureFailure, outgoing: ServerResponse, arrivedAt: number): void {
    const body: FailureBody = { format: wireFormat, failure, instance: report(arrivedAt) };
    outgoing.writeHead(statusOf(failure), { 'Content-Type': 'application/json' });
    outgoing.end(JSON.stringify(body));
  }

  function report(arrivedAt: number): InstanceReport {
    return {
      ...worker.report(),
      busy: slots.taken,
      inFlight: underWay.size,
      inHandMs: performance.now() - arrivedAt,
    };
  }

  return {
    app,
    idle: () => idle.promise,
    giveUp() {
      for (const request of underWay) request.abort(new CalledOffError('The instance is ending.'));
    },
  };
}

type SlottedOutput = OperationOutput & { slotWaitMs: number };

function indexOf({ parts, mask }: PackedIndex): PackedIndex {
  return { parts, mask };
}

/** The bytes of files, one after the other. */
async function* filesOf(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield* createReadStream(path);
}

/** Nobody waits for the result, or nobody can. */
class CalledOffError extends Error {
  override readonly name = 'CalledOffError';
}

/** One request. */
interface Exchange {
  incoming: Readable;
  outgoing: ServerResponse;
  /** By this process's clock. */
  arrivedAt: number;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
  trace: string | undefined;
}

/** Throws `PermanentError` for what this version does not know. */
function requestOf(
  { operation, options, thumbnails }: PictureHead,
  folder: string,
  signal: AbortSignal,
): OperationRequest {
  if (!isOperationName(operation)) throw new PermanentError('unknown_operation');
  const parsed = parseOptions(operation, options);
  if (!parsed.ok) throw new PermanentError('invalid_options', parsed.message);
  return {
    operation,
    options: parsed.options,
    inputPath: join(folder, 'source'),
    outputPath: join(folder, 'result'),
    thumbnails,
    signal,
    onProgress() {},
  };
}

function failureOf(error: unknown): PictureFailure {
  if (error instanceof PermanentError || error instanceof RetryableError) {
    const kind = error instanceof PermanentError ? 'permanent' : 'retryable';
    return { kind, code: error.code, message: error.message };
  }
  if (error instanceof UnexpectedError) return { kind: 'unexpected', signature: error.signature };
  if (error instanceof CalledOffError) return { kind: 'unfit', message: error.message };
  if (error instanceof BrokenFrameError) return { kind: 'malformed', message: error.message };
  const fault = machineErrorOf(error);
  if (fault) return { kind: 'machine', lack: fault.lack, message: fault.message };
  return { kind: 'retryable', code: 'internal', message: messageOf(error) };
}
