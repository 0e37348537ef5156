import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '@spillway/core/errors.ts';
import type { TransferLimits } from '@spillway/pipeline/pictures/frame.ts';
import type { IdentityTokens } from './identity-tokens.ts';

/** A request to be sent, and how far that has come. */
export interface Call {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string | number>;
  /** The body's bytes; null for a request without one. */
  body: { size: number; read(): AsyncIterable<Uint8Array> } | null;
  /** From the end of the request to the beginning of its answer, in milliseconds. */
  answerMs: number;
  signal: AbortSignal;
  progress: Progress;
}

/** How much of a request has left this program. */
export interface Progress {
  connected: boolean;
  /** Bytes of the body. */
  given: number;
}

/** Whether the other side may have the whole request. */
export function wasSent({ body, progress }: Pick<Call, 'body' | 'progress'>): boolean {
  return progress.connected && progress.given >= (body?.size ?? 0);
}

/** Sends requests to one service. */
export interface Exchange {
  /**
   * Resolves to the answer, whose body has not been read. Rejects with errors of the network, with the signal's reason, and
   * as `tokens` does.
   */
  call(call: Call): Promise<IncomingMessage>;
  close(): void;
}

/** @param url The service's own address. */
export function createExchange(url: string, tokens: IdentityTokens, limits: TransferLimits): Exchange {
  const isSecure = url.startsWith('https:');
  const kept = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const begin = isSecure ? httpsRequest : httpRequest;

  async function call(one: Call): Promise<IncomingMessage> {
    const token = await tokens.read();
    one.signal.throwIfAborted();
    const authorization = token === null ? {} : { Authorization: `Bearer ${token}` };
    const options = { method: one.method, headers: { ...one.headers, ...authorization } };
    const address = new URL(one.path, url);
    const first = begin(address, { ...options, agent: kept });
    try {
      return await answerTo(first, one, limits);
    } catch (error) {
      one.signal.throwIfAborted();
      if (!first.reusedSocket || !isReset(error)) throw error;
      // The other side closed a connection that was kept for the next request just when that came. Nothing is stored there,
      // so the request may be sent once more.
      Object.assign(one.progress, { connected: false, given: 0 });
      return await answerTo(begin(address, { ...options, agent: false }), one, limits);
    }
  }

  return { call, close: () => kept.destroy() };
}

async function answerTo(
  request: ClientRequest,
  { body, answerMs, signal, progress }: Call,
  { idleMs, mostMs }: TransferLimits,
): Promise<IncomingMessage> {
  const { promise: answer, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve);
  // It stays after the answer began: the rest of the request may fail then, and nobody needs it.
  request.on('error', reject);
  request.once('socket', (socket) =>
    whenConnected(socket, () => {
      progress.connected = true;
    }),
  );
  const giveUp = (why: unknown) =>
    void request.destroy(why instanceof Error ? why : new Error(messageOf(why)));
  const onAbort = () => giveUp(signal.reason);
  signal.addEventListener('abort', onAbort);
  request.once('close', () => signal.removeEventListener('abort', onAbort));
  let timer = setTimeout(() => giveUp(new Error('The request could not be sent.')), mostMs);
  request.once('finish', () => {
    if (isOver) return;
    clearTimeout(timer);
    timer = setTimeout(() => giveUp(new Error(`No answer came for ${answerMs / 1_000} s.`)), answerMs);
  });
  let isOver = false;
  if (body) {
    const pieces = given(body.read(), progress, idleMs, giveUp);
    // The request's own error tells what goes wrong.
    pipeline(Readable.from(pieces, { objectMode: false }), request).catch(() => {});
  } else request.end();
  try {
    return await answer;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

function whenConnected(socket: Socket, then: () => void): void {
  if (socket.connecting) socket.once('connect', then);
  else then();
}

/** The pieces of a body, counted. `giveUp` is called where one is not taken for so long. Milliseconds. */
async function* given(
  body: AsyncIterable<Uint8Array>,
  progress: Progress,
  idleMs: number,
  giveUp: (why: Error) => void,
): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => giveUp(new Error(`Nothing could be sent for ${idleMs / 1_000} s.`)), idleMs);
  try {
    for await (const chunk of body) {
      timer.refresh();
      progress.given += chunk.length;
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}

function isReset(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
