import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isForThisMachine, isFromPage } from '@spillway/pipeline/http/page-requests.ts';

/** https://cloud.google.com/functions/quotas#resource_limits. Bytes. */
const largestBody = 32 * 1_024 * 1_024;

/** An event comes with a body; a call, as the scheduler makes it, may have none. */
export type FunctionKind = 'event' | 'call';

/** Eventarc calls what routes uploads, and the scheduler the other functions. */
export function kindOf(name: string): FunctionKind {
  return name === 'route' || name === 'route-web' ? 'event' : 'call';
}

type Refusal = { status: 403 | 405 | 411 | 413 | 415; why: string };

/**
 * The front of a function, as Google has one. It lets through only what Eventarc or the scheduler send, and questions
 * about health and metrics. The framework itself would read up to 1 GiB into memory, and would answer a body that is not
 * an event with 500, so that it is sent again.
 */
export function putFrontBefore(server: Server, kind: FunctionKind): void {
  const listeners = server.listeners('request') as ((...exchange: unknown[]) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const refusal = refusalOf(request, kind);
    if (refusal) refuse(response, refusal);
    else for (const listener of listeners) listener(request, response);
  });
}

function refusalOf({ method, url, headers }: IncomingMessage, kind: FunctionKind): Refusal | null {
  if (isFromPage(headers) || !isForThisMachine(headers.host)) {
    return { status: 403, why: 'Functions are not called by web pages.' };
  }
  if (method === 'GET' && (url === '/health' || url === '/metrics')) return null;
  if (method !== 'POST') return { status: 405, why: 'Functions are called with POST.' };
  if (headers['transfer-encoding'] !== undefined) return { status: 411, why: 'Say the length of the body.' };
  const length = Number(headers['content-length'] ?? 0);
  if (length > largestBody) return { status: 413, why: `A body has at most ${largestBody} bytes.` };
  if (kind === 'event' && length === 0) return { status: 411, why: 'An event has a body.' };
  const isJson = /^application\/(cloudevents\+)?json\b/i.test(headers['content-type'] ?? '');
  return length > 0 && !isJson ? { status: 415, why: 'A body is JSON.' } : null;
}

function refuse(response: ServerResponse, { status, why }: Refusal): void {
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end(why);
}
