import { type Problem, problemSchema } from '@spillway/web/api/schema.ts';
import type { z } from 'zod';

/** What went wrong with a request, in words for the person who waits for it. */
export interface RequestFailure {
  /** The HTTP status, or 0 where no answer came. */
  status: number;
  /** Stable code of the server's problem; `offline` or `unreadable` where there is none. */
  code: string;
  message: string;
  /** Milliseconds after which the server wants to be asked again; null where it does not say. */
  retryAfterMs: number | null;
  /** The fields that are at fault, where the server names them. */
  errors?: NonNullable<Problem['errors']>;
}

export type Reply<Value> = { ok: true; value: Value } | { ok: false; failure: RequestFailure };

/**
 * By the second header, Identity-Aware Proxy tells a page's request from a person's. Once its session has ended, it then
 * answers 401, in place of leading to another site's page, which a request cannot follow.
 * @see https://cloud.google.com/iap/docs/sessions-howto
 */
const headersOfPage = { accept: 'application/json', 'x-requested-with': 'XMLHttpRequest' };

interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
}

/** Asks the site's API and parses the answer with `schema`. Failures are returned, not thrown; aborts are thrown. */
export async function requestJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  options: RequestOptions = {},
): Promise<Reply<z.infer<Schema>>> {
  const reply = await send(path, options);
  if (!reply.ok) return reply;
  const parsed = schema.safeParse(await readJson(reply.value));
  if (parsed.success) return { ok: true, value: parsed.data };
  return failed(
    reply.value.status,
    'unreadable',
    'The server answered in a way this page does not understand.',
  );
}

/** Asks for a file that is text. */
export async function requestText(path: string, options: RequestOptions = {}): Promise<Reply<string>> {
  const reply = await send(path, options);
  return reply.ok ? { ok: true, value: await reply.value.text() } : reply;
}

/** Asks for something to be done, where the answer's body does not matter. */
export async function requestAction(path: string, options: RequestOptions): Promise<Reply<null>> {
  const reply = await send(path, options);
  return reply.ok ? { ok: true, value: null } : reply;
}

async function send(path: string, options: RequestOptions): Promise<Reply<Response>> {
  const { method = 'GET', body, signal } = options;
  const init: RequestInit = { method, headers: headersOfPage };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.headers = { ...headersOfPage, 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(`/api/v1${path}`, init);
    return response.ok ? { ok: true, value: response } : { ok: false, failure: await readProblem(response) };
  } catch (cause) {
    if (signal?.aborted) throw cause;
    return failed(0, 'offline', 'The server could not be reached.');
  }
}

export async function readProblem(response: Response): Promise<RequestFailure> {
  const { status } = response;
  const retryAfterMs = waitAskedFor(response);
  const problem = problemSchema.safeParse(await readJson(response));
  if (problem.success) {
    const { code, detail, errors = [] } = problem.data;
    return { status, code, message: detail, retryAfterMs, errors };
  }
  const message =
    status >= 500
      ? 'The server had a problem. Try again in a moment.'
      : `The server refused the request (${status}).`;
  return { status, code: 'unreadable', message, retryAfterMs };
}

/** Of `Retry-After` only the form in seconds, which this API and the proxies before it send. */
function waitAskedFor(response: Response): number | null {
  const seconds = /^\d{1,6}$/.exec(response.headers.get('retry-after') ?? '')?.[0];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // Not JSON at all: the schema refuses it, and says so in the right words.
    return undefined;
  }
}

function failed(status: number, code: string, message: string): { ok: false; failure: RequestFailure } {
  return { ok: false, failure: { status, code, message, retryAfterMs: null } };
}
