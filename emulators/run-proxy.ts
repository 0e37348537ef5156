import { isForThisMachine, isFromPage } from '@spillway/pipeline/http/page-requests.ts';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { InstancePool } from './instance-pool.ts';
import type { InvocationCheck } from './run-invocation.ts';

/** Of a request over HTTP/1: https://cloud.google.com/run/quotas#request_limits. Bytes. */
const largestBody = 32 * 1_024 * 1_024;
/** Headers of one connection, which are not forwarded. `fetch` adds its own. */
const hopByHop = [
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authenticate'],
  ...['proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
];
/** `fetch` makes no such requests. */
const unknownMethods = new Set(['CONNECT', 'TRACE', 'TRACK']);
/** The default limit of a request. https://cloud.google.com/run/docs/configuring/request-timeout. Milliseconds. */
export const requestTimeoutMs = 300_000;

/**
 * The front of the instances. A request is checked, waits for a place on one, and is forwarded to it. Its body is read
 * first, so that a slow sender occupies no instance.
 * @param check Whether the caller may invoke the service.
 */
export function createRunProxy(pool: Pick<InstancePool, 'reserve' | 'status'>, check: InvocationCheck): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    const headers = context.req.header();
    if (isFromPage(headers) || !isForThisMachine(headers.host)) {
      return context.text('No page has business here.', 403);
    }
    if (unknownMethods.has(context.req.method)) return context.text('Method not allowed.', 405);
    return next();
  });
  app.use(bodyLimit({ maxSize: largestBody, onError: (context) => context.text('Payload too large.', 413) }));
  app.get('/instances', (context) => context.json(pool.status()));
  app.all('*', async (context) => {
    const invocation = await check(context.req.header('authorization'));
    if (invocation.kind === 'refused') return context.text(invocation.why, invocation.status);
    const { method, headers, signal } = context.req.raw;
    const body = method === 'GET' || method === 'HEAD' ? undefined : await context.req.arrayBuffer();
    const instance = await pool.reserve();
    // Cloud Run's answer if no instance becomes free in time.
    if (!instance) return context.text('Rate exceeded.', 429);
    const passedOn = new Headers(headers);
    for (const name of hopByHop) passedOn.delete(name);
    if (invocation.authorization !== undefined) passedOn.set('authorization', invocation.authorization);
    const { pathname, search } = new URL(context.req.url);
    const timeout = AbortSignal.timeout(requestTimeoutMs);
    let status: number | null = null;
    try {
      const answer = await fetch(`http://127.0.0.1:${instance.port}${pathname}${search}`, {
        method,
        headers: passedOn,
        signal: AbortSignal.any([signal, timeout]),
        ...(body?.byteLength ? { body } : {}),
      });
      // The request is in flight until its answer is whole.
      const content = await answer.arrayBuffer();
      status = answer.status;
      return new Response(hasBody(answer) ? content : null, { status, headers: passedBack(answer) });
    } catch {
      if (timeout.aborted) return context.text('The request has been terminated: it took too long.', 504);
      // The instance died during the request.
      return context.text('The instance ended.', 503);
    } finally {
      instance.release(status);
    }
  });
  // The client of a request that was cut off hears no answer.
  app.onError((_error, context) => context.text('The request could not be read.', 400));
  return app;
}

/** `fetch` has unpacked and measured the body. */
function passedBack({ headers }: Response): Headers {
  const passed = new Headers(headers);
  for (const name of [...hopByHop, 'content-encoding']) passed.delete(name);
  return passed;
}

/** A `Response` of these takes no body, not even an empty one. */
function hasBody({ status }: Response): boolean {
  return ![204, 205, 304].includes(status);
}
