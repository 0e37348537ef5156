import { createReadStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { messageOf, OutageError, PermanentError } from '@spillway/core/errors.ts';
import { largestFile } from '@spillway/core/file-size.ts';
import { machineErrorOf } from '@spillway/core/machine-lack.ts';
import { largestSentPicture } from '@spillway/core/run-reach.ts';
import type { MadeThumbnails, OperationOutput, OperationRequest } from '@spillway/pipeline/executor.ts';
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
  failureBodySchema,
  frameContentType,
  type InstanceReport,
  longestHead,
  type PictureHead,
  processPath,
  type ResultHead,
  resultHeadSchema,
  wireFormat,
} from '@spillway/pipeline/pictures/wire.ts';
import { z } from 'zod';
import { type Call, createExchange, wasSent } from './exchange.ts';
import type { IdentityTokens } from './identity-tokens.ts';
import { errorOf, errorOfStatus, instanceLost, isUnderstood, notAWorker, tooLarge } from './remote-errors.ts';

/** What an instance of Cloud Run told of itself. */
export interface Sighting {
  instance: InstanceReport;
  /** Milliseconds until the request arrived there: the way, and where need be the start of an instance. */
  reachedMs: number;
}

export type PictureRequest = Omit<OperationRequest, 'onProgress'> & {
  /** The `traceparent` that the request carries; null for none. */
  trace: string | null;
  /** Told of the instance that has answered, whatever it answered. */
  onSighting: (sighting: Sighting) => void;
};

/** A Cloud Run worker that serves pictures. */
export interface Remote {
  /**
   * Makes the result of one picture there. A result that does not come whole is no result. Throws
   * - `PermanentError`, `RetryableError`, `UnexpectedError` where the attempt ended there so;
   * - `MachineError` where the instance lacked something, or ended while it may have been at work: the attempt does not
   *   count, but no picture may end one instance after another for ever;
   * - `OutageError` where the picture was not taken, and `RefusedError` where it never will be, as things are configured;
   * - the signal's reason.
   */
  process(request: PictureRequest): Promise<OperationOutput>;
  /** Asks whether it takes pictures. Throws `OutageError` or `RefusedError` where it does not. */
  ask(): Promise<void>;
  close(): void;
}

export interface RemoteLimits extends TransferLimits {
  /** From the end of a picture to the beginning of its answer, in milliseconds. */
  answerMs: number;
  /** The same for a question about its health. */
  askMs: number;
}

/** A start of an instance takes seconds, and Cloud Run lets a request wait for one. Milliseconds. */
const startMs = 30_000;

/** @param timeLimitMs Longest time for one picture there. */
export function usualLimits(timeLimitMs: number): RemoteLimits {
  return { idleMs: 20_000, mostMs: 120_000, answerMs: timeLimitMs + startMs, askMs: startMs };
}

/** @param url The service's own address. */
export function createRemote(url: string, tokens: IdentityTokens, limits: RemoteLimits): Remote {
  const exchange = createExchange(url, tokens, limits);

  /** Makes a call, and gives errors of the network their meaning. */
  async function called<Value>(
    call: Call,
    read: (response: IncomingMessage) => Promise<Value>,
  ): Promise<Value> {
    let response: IncomingMessage | null = null;
    try {
      response = await exchange.call(call);
      return await read(response);
    } catch (error) {
      call.signal.throwIfAborted();
      if (isUnderstood(error)) throw error;
      const fault = machineErrorOf(error);
      if (fault) throw fault;
      const why = messageOf(error);
      if (call.body && wasSent(call)) throw instanceLost(`Cloud Run broke off: ${why}`, error);
      throw new OutageError(`Cloud Run could not be reached at ${url}: ${why}`, { cause: error });
    } finally {
      // What is left of an answer, or of a request that was refused early, must not be taken for the next one.
      if (!response?.complete || !wasSent(call)) response?.destroy();
    }
  }

  async function process(request: PictureRequest): Promise<OperationOutput> {
    const call = await callFor(request, limits.answerMs);
    const beganAt = performance.now();
    return called(call, async (response) => {
      const tookMs = performance.now() - beganAt;
      const sight = (instance: InstanceReport) =>
        request.onSighting({ instance, reachedMs: Math.max(0, tookMs - instance.inHandMs) });
      if (response.statusCode === 200) return readResult(response, request, sight);
      throw await failureOf(response, wasSent(call), sight);
    });
  }

  async function readResult(
    response: IncomingMessage,
    { outputPath }: PictureRequest,
    sight: (instance: InstanceReport) => void,
  ): Promise<OperationOutput> {
    const receivedAt = Date.now();
    if (response.headers['content-type'] !== frameContentType)
      throw notAWorker(url, 'its answer is no result');
    const { head: line, body } = await openFrame(inTime(response, limits));
    const read = resultHeadSchema.safeParse(line);
    if (!read.success) throw notAWorker(url, `its answer cannot be read (${z.prettifyError(read.error)})`);
    const head = read.data;
    sight(head.instance);
    if (head.size + (head.thumbnails?.size ?? 0) > largestFile)
      throw new BrokenFrameError('Its result is too large.');
    const path = `${outputPath}.${head.extension}`;
    const thumbnailsPath = `${outputPath}.thumbnails`;
    const { thumbnails } = head;
    await saveBody(
      body,
      { path, ...fileIn(head) },
      ...(thumbnails ? [{ path: thumbnailsPath, ...fileIn(thumbnails) }] : []),
    );
    return outputOf(head, path, thumbnailsPath, receivedAt);
  }

  /** What an answer without a result means. */
  async function failureOf(
    response: IncomingMessage,
    sent: boolean,
    sight: (instance: InstanceReport) => void,
  ): Promise<Error> {
    const status = response.statusCode ?? 0;
    const read = failureBodySchema.safeParse(await jsonOf(response, limits));
    if (read.success) {
      if (read.data.instance) sight(read.data.instance);
      return errorOf(read.data.failure);
    }
    return refusal(status, sent);
  }

  return {
    process,
    ask() {
      const call: Call = {
        method: 'GET',
        path: '/health',
        headers: {},
        body: null,
        answerMs: limits.askMs,
        signal: new AbortController().signal,
        progress: { connected: false, given: 0 },
      };
      return called(call, async (response) => {
        const status = response.statusCode ?? 0;
        const said = await jsonOf(response, limits);
        if (status !== 200) throw refusal(status, false);
        if (!healthSchema.safeParse(said).success) throw notAWorker(url, 'it serves no pictures');
      });
    },
    close: exchange.close,
  };

  function refusal(status: number, sent: boolean): Error {
    // A token of another account may be let in.
    if (status === 401 || status === 403) tokens.forget();
    return errorOfStatus(status, url, sent);
  }
}

/** Throws `PermanentError` for a picture that is too large to be sent. */
async function callFor(
  { operation, options, inputPath, thumbnails = false, signal, trace }: PictureRequest,
  answerMs: number,
): Promise<Call> {
  const file = await describeFile(inputPath);
  if (file.size > largestSentPicture) throw new PermanentError('file_too_large', tooLarge);
  const line = headLine({
    format: wireFormat,
    operation,
    options,
    thumbnails,
    ...file,
  } satisfies PictureHead);
  const size = line.length + file.size;
  return {
    method: 'POST',
    path: processPath,
    headers: {
      'Content-Type': frameContentType,
      'Content-Length': size,
      ...(trace === null ? {} : { traceparent: trace }),
    },
    body: { size, read: () => framed(line, inputPath) },
    answerMs,
    signal,
    progress: { connected: false, given: 0 },
  };
}

/** What `GET /health` says beside other things. */
const healthSchema = z.object({ serves: z.literal('pictures') });

function fileIn({ size, crc32c }: { size: number; crc32c: string }): { size: number; crc32c: string } {
  return { size, crc32c };
}

function outputOf(
  head: ResultHead,
  path: string,
  thumbnailsPath: string,
  receivedAt: number,
): OperationOutput {
  const { contentType, extension, width, height, decodedPixels, model, notes } = head;
  const { processMs, slotWaitMs } = head;
  const made = { contentType, extension, width, height, decodedPixels, model, notes };
  const thumbnails: MadeThumbnails = head.thumbnails
    ? { kind: 'made', path: thumbnailsPath, parts: head.thumbnails.parts, mask: head.thumbnails.mask }
    : { kind: 'not_wanted' };
  const steps = head.steps.map(({ step, ms, agoMs }) => ({ step, ms, startedAt: receivedAt - agoMs }));
  return { path, ...made, thumbnails, processMs, slotWaitMs, steps, madeBy: head.instance.id };
}

async function* framed(line: Buffer, path: string): AsyncGenerator<Uint8Array> {
  yield line;
  yield* createReadStream(path);
}

/** A short answer; undefined where it is no JSON. */
async function jsonOf(response: IncomingMessage, limits: TransferLimits): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of inTime(response, limits)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > longestHead) break;
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
