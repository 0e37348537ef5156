import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { invalid, StorageError } from './errors.ts';
import type { ResumableSessions } from './resumable-sessions.ts';
import type { Store } from './store.ts';

/** One request under way, with what its handler needs. */
export type Exchange = {
  req: IncomingMessage;
  res: ServerResponse;
  method: string;
  /** As sent, still percent-encoded: a normalised path would lose object names such as `a/../b`. */
  path: string;
  query: URLSearchParams;
  params: Record<string, string>;
  /** Scheme, host and port by which the client reached this server; what links in answers start with. */
  baseUrl: string;
  store: Store;
  sessions: ResumableSessions;
  /** Headers that every answer to this request carries. */
  replyHeaders: OutgoingHttpHeaders;
  /** Set by a fault: the work is done, but the client never hears of it. */
  loseReply: boolean;
};

const MAX_JSON_BYTES = 1 << 20;

/** Whether a request is to the JSON API; all else is the XML API's. */
export const isJsonApi = (x: Exchange): boolean =>
  /^\/((upload\/|download\/)?storage\/v1|b|batch)(\/|$)/.test(x.path);

/** A parameter that the route's pattern has, decoded. */
export function param(x: Exchange, name: string): string {
  const value = x.params[name];
  if (value === undefined) throw new Error(`The route has no parameter ${name}`);
  return value;
}

/** Sends the status line and headers; returns false if the connection is to be cut instead of answered. */
export function beginReply(x: Exchange, status: number, headers: OutgoingHttpHeaders): boolean {
  if (x.loseReply) {
    x.req.socket.destroy();
    return false;
  }
  x.res.writeHead(status, { ...x.replyHeaders, ...headers });
  return true;
}

export function reply(x: Exchange, status: number, headers: OutgoingHttpHeaders = {}, body = ''): void {
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  if (beginReply(x, status, { ...length, ...headers })) x.res.end(x.method === 'HEAD' ? '' : body);
}

export function replyJson(x: Exchange, value: unknown, status = 200): void {
  reply(x, status, { 'Content-Type': 'application/json; charset=UTF-8' }, JSON.stringify(value));
}

/** Reads a JSON object from the request's body; none is an empty object. Throws a 400. */
export async function readJsonObject(x: Exchange): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of x.req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_JSON_BYTES) throw invalid('The metadata is too large.');
    chunks.push(chunk);
  }
  return parseJsonObject(Buffer.concat(chunks).toString('utf8'));
}

/** Throws a 400 unless the text is a JSON object, or empty, which stands for an object without fields. */
export function parseJsonObject(text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Answered below, like JSON of another type.
  }
  throw new StorageError(400, 'parseError', 'InvalidArgument', 'Parse Error');
}

/** A page size from the query. Throws a 400 unless it is absent or a whole number; never more than `limit`. */
export function pageSize(query: URLSearchParams, limit: number): number {
  const value = query.get('maxResults');
  if (value === null) return limit;
  if (!/^\d+$/.test(value)) throw invalid(`Invalid value for maxResults: '${value}'`);
  return Number(value) === 0 ? limit : Math.min(Number(value), limit);
}
