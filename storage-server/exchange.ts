import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tooLarge } from './errors.ts';
import { headerText } from './header-text.ts';
import { parseJsonObject } from './request-values.ts';
import type { ResumableSessions } from './resumable-sessions.ts';
import type { SignerKeys } from './signed-query.ts';
import type { Store } from './store.ts';

/** One request under way, with what its handler needs. */
export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  /** The request's connection, which `req` forgets once it is destroyed. */
  socket: Socket;
  /** The request's body. A reader who gives up leaves the connection as it is, so that an answer can be sent on it. */
  body: AsyncIterable<Buffer>;
  method: string;
  /** As sent, still percent-encoded: a normalised path would lose object names such as `a/../b`. */
  path: string;
  query: URLSearchParams;
  params: Record<string, string>;
  /** Scheme, host and port by which the client reached this server; what links in answers start with. */
  baseUrl: string;
  store: Store;
  /** Buckets that clients may not list. */
  withoutList: ReadonlySet<string>;
  signers: SignerKeys;
  sessions: ResumableSessions;
  /** Headers that every answer to this request carries. */
  replyHeaders: OutgoingHttpHeaders;
  /** Set by a fault: the work is done, but the client never hears of it. */
  loseReply: boolean;
}

const maxJsonBytes = 1 << 20;

/** Whether a request is to the JSON API; all else is the XML API's. */
export const isJsonApi = (x: Exchange): boolean =>
  /^\/((upload\/|resumable\/upload\/|download\/)?storage\/v1|b|batch)(\/|$)/.test(x.path);

/** The bucket in a path of either API. It is not decoded, because names of buckets need no encoding. */
export function bucketOf(path: string): string {
  const [, inJson] =
    /^\/(?:(?:upload\/|resumable\/upload\/|download\/)?storage\/v1\/)?b\/([^/]+)/.exec(path) ?? [];
  return inJson ?? path.split('/')[1] ?? '';
}

/** A parameter that the route's pattern has, decoded. */
export function param(x: Exchange, name: string): string {
  const value = x.params[name];
  if (value === undefined) throw new Error(`The route has no parameter ${name}`);
  return value;
}

/** Sends the status line and headers; returns false if the connection is to be cut instead of answered. */
export function beginReply(x: Exchange, status: number, headers: OutgoingHttpHeaders): boolean {
  if (x.loseReply) {
    x.socket.destroy();
    return false;
  }
  const all = Object.entries({ ...x.replyHeaders, ...headers });
  x.res.writeHead(status, Object.fromEntries(all.map(([name, value]) => [name, headerText(value)])));
  return true;
}

export function reply(x: Exchange, status: number, headers: OutgoingHttpHeaders = {}, body = ''): void {
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  if (beginReply(x, status, { ...length, ...headers })) x.res.end(x.method === 'HEAD' ? '' : body);
}

export function replyJson(x: Exchange, value: unknown, status = 200): void {
  reply(x, status, { 'Content-Type': 'application/json; charset=UTF-8' }, JSON.stringify(value));
}

/**
 * Reads a JSON object from the request's body; none is an empty object. Throws a 400, or a 413 for one that is too
 * large.
 */
export async function readJsonObject(x: Exchange): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  if (Number(x.req.headers['content-length']) > maxJsonBytes) throw tooLarge('The metadata is too large.');
  for await (const chunk of x.body) {
    size += chunk.length;
    if (size > maxJsonBytes) throw tooLarge('The metadata is too large.');
    chunks.push(chunk);
  }
  return parseJsonObject(Buffer.concat(chunks));
}
