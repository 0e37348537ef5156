import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { OutageError, StorageFullError } from '@spillway/core/errors.ts';
import { asServiceError } from '../gcp/outages.ts';

/** How an error names the service. */
export const service = 'The storage server';

/** Pauses before a request is made again that found no server, or one that could not answer just now. Milliseconds. */
const pausesMs = [50, 250, 1_000];
/** A connection on which nothing has moved for this long is given up. Milliseconds. */
const silenceMs = 60_000;
/** Bytes. An answer to a question about objects is smaller. */
const mostHeld = 16 * 1024 * 1024;

export interface StorageRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** Path and query. */
  path: string;
  headers?: Record<string, string>;
  /** `open` is called for each try. */
  body?: Buffer | { bytes: number; open(): Readable };
  /** Answers that the caller expects beside those that went well. */
  expected?: readonly number[];
  /** What is asked, for the sentence of an error: `give sketch/cat.jpg`. */
  what: string;
}

/** An answer whose bytes have not been read. */
export interface OpenAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  stream: IncomingMessage;
}

export interface WholeAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * Requests to the storage server beside this program. All that are made here may be made twice. All methods throw
 * `OutageError` where it does not answer, and `RefusedError` where it refuses.
 */
export interface StorageRequests {
  /** The caller reads the stream to its end, or destroys it. */
  open(request: StorageRequest): Promise<OpenAnswer>;
  whole(request: StorageRequest): Promise<WholeAnswer>;
  close(): void;
}

/** An answer that is no success, in the form that tells what it means for the caller. */
class StorageRefusal extends Error {
  override readonly name = 'StorageRefusal';
  readonly code: number;
  readonly errors: { reason: string }[];

  constructor(status: number, body: Buffer) {
    const { message, reason } = refusalOf(body);
    super(message ?? `It answered ${status}.`);
    this.code = status;
    this.errors = reason === undefined ? [] : [{ reason }];
  }
}

/** @param endpoint Such as `http://127.0.0.1:9199`. */
export function createStorageRequests(endpoint: string): StorageRequests {
  const { hostname, port } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo' });

  function send({ method, path, headers = {}, body }: StorageRequest): Promise<OpenAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<OpenAnswer>();
    const length = body && ('open' in body ? body.bytes : body.length);
    const sent = httpRequest(
      {
        agent,
        host: hostname,
        port,
        method,
        path,
        headers: { ...headers, ...(length === undefined ? {} : { 'content-length': String(length) }) },
      },
      (stream) => resolve({ status: stream.statusCode ?? 0, headers: stream.headers, stream }),
    );
    sent.setTimeout(silenceMs, () => sent.destroy(timedOut()));
    sent.on('error', reject);
    if (body && 'open' in body) pipeline(body.open(), sent).catch(reject);
    else sent.end(body);
    return promise;
  }

  async function sendOnce(request: StorageRequest): Promise<OpenAnswer> {
    const answer = await send(request);
    const isGood = answer.status >= 200 && answer.status < 300;
    if (isGood || request.expected?.includes(answer.status)) return answer;
    throw new StorageRefusal(answer.status, await bytesOf(answer.stream));
  }

  /** Makes the request again while the server is away, as while it is started again. */
  async function untilAnswered<Answer>(what: string, attempt: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        const failure = asServiceError(service, error, what);
        const pause = pausesMs[tries];
        const mayPassSoon = failure instanceof OutageError && !(failure instanceof StorageFullError);
        if (!mayPassSoon || pause === undefined) throw failure;
        await delay(pause);
      }
    }
  }

  return {
    open: (request) => untilAnswered(request.what, () => sendOnce(request)),
    whole: (request) =>
      untilAnswered(request.what, async () => {
        const { status, headers, stream } = await sendOnce(request);
        return { status, headers, body: await bytesOf(stream) };
      }),
    close: () => agent.destroy(),
  };
}

/** All bytes of an answer. Rejects where it breaks off. */
export async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostHeld) stream.destroy(new Error('The answer is too long.'));
  });
  stream.on('end', resolve);
  stream.on('error', reject);
  // An answer that breaks off has no end, and not always an error.
  stream.on('close', () => reject(brokenOff()));
  await promise;
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function refusalOf(body: Buffer): { message?: string; reason?: string } {
  try {
    const { error } = JSON.parse(String(body)) as {
      error?: { message?: string; errors?: { reason?: string }[] };
    };
    const reason = error?.errors?.[0]?.reason;
    return { ...(error?.message ? { message: error.message } : {}), ...(reason ? { reason } : {}) };
  } catch {
    return {};
  }
}

const timedOut = () => Object.assign(new Error('Nothing came for a minute.'), { code: 'ETIMEDOUT' });
const brokenOff = () => Object.assign(new Error('The answer broke off.'), { code: 'ECONNRESET' });
