import { createHmac, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { HttpBindings } from '@hono/node-server';
import { OutageError } from '@spillway/core/errors.ts';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { refuseCrossSite } from './api/cross-site.ts';
import { ProblemError } from './api/problems.ts';
import type { Sessions } from './api/sessions.ts';

/** Where pages send the bytes of their uploads, on the site's own origin. */
export const uploadSessionPath = '/upload/session';

export interface UploadSessionOptions {
  /** The origin of the storage server. Nobody but this program has to reach it. */
  storage: string;
  /** The bucket of the site's uploads. */
  bucket: string;
  /** Signs the sessions' addresses. */
  secret: string;
  sessions: Sessions;
}

export interface UploadSessions {
  /** The address at which this site passes on what comes for a session that it has opened itself. */
  addressOf(sessionUrl: string, c: Context): string;
  routes(): Hono<{ Bindings: HttpBindings }>;
}

/** A connection on which nothing moves for this long is ended: what has arrived is kept. Milliseconds. */
const idleMs = 60_000;

/** What the storage server has to know of the bytes, and what a page may know of its answer. */
const requestHeaders = ['content-length', 'content-range', 'content-type', 'x-goog-hash'] as const;
const answerHeaders = ['range', 'retry-after', 'x-goog-hash'] as const;

/** What an uploader may know of the object, whose other fields tell of the storage server. */
const objectSchema = z.object({
  bucket: z.string(),
  name: z.string(),
  generation: z.string(),
  size: z.string(),
  contentType: z.string().optional(),
  crc32c: z.string().optional(),
  md5Hash: z.string().optional(),
});
const errorSchema = z.object({ error: z.object({ code: z.number(), message: z.string() }) });

/**
 * Upload sessions through the site's own origin, for a machine with one public port. The address of a session carries a
 * signature: sessions that this site has opened are reached by it, and nothing else of the storage server.
 */
export function createUploadSessions({
  storage,
  bucket,
  secret,
  sessions,
}: UploadSessionOptions): UploadSessions {
  const key = createHmac('sha256', secret).update('upload sessions').digest();
  const signatureOf = (id: string) => createHmac('sha256', key).update(id).digest();

  function isOurs(id: string, signature: string): boolean {
    const given = Buffer.from(signature, 'base64url');
    const expected = signatureOf(id);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  async function passOn(c: Context<{ Bindings: HttpBindings }>): Promise<Response> {
    const id = c.req.query('upload_id') ?? '';
    if (!isOurs(id, c.req.query('signature') ?? '')) {
      throw new ProblemError('not_found', 'There is no such upload session.');
    }
    const query = new URLSearchParams({ uploadType: 'resumable', upload_id: id });
    const address = new URL(`/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?${query}`, storage);
    const answer = await send(c.env.incoming, address);
    const body = readable(await text(answer));
    const headers = {
      ...chosen(answer.headers, answerHeaders),
      'Cache-Control': 'no-store',
      ...(body === null ? {} : { 'Content-Type': 'application/json' }),
    };
    return new Response(body, { status: answer.statusCode ?? 502, headers });
  }

  return {
    addressOf(sessionUrl, c) {
      const id = new URL(sessionUrl).searchParams.get('upload_id') ?? '';
      const query = new URLSearchParams({ upload_id: id, signature: signatureOf(id).toString('base64url') });
      return `${sessions.siteOrigin(c)}${uploadSessionPath}?${query}`;
    },
    routes() {
      const app = new Hono<{ Bindings: HttpBindings }>();
      app.use(uploadSessionPath, refuseCrossSite(sessions));
      app.on(['PUT', 'DELETE'], uploadSessionPath, passOn);
      app.all(uploadSessionPath, () => {
        throw new ProblemError('method_not_allowed', 'An upload session takes PUT and DELETE.', {
          headers: { Allow: 'DELETE, PUT' },
        });
      });
      return app;
    },
  };
}

/** Passes a request's body on as it comes, at the pace at which it is taken. Throws `OutageError` where nobody answers. */
async function send(incoming: IncomingMessage, address: URL): Promise<IncomingMessage> {
  incoming.setTimeout(idleMs, () => incoming.destroy());
  const headers = chosen(incoming.headers, requestHeaders);
  const outgoing = request(address, { method: incoming.method, headers });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject);
  });
  // An answer may come before the body has ended, and a body may end before its time. The answer says what happened.
  void pipeline(incoming, outgoing).catch(() => {});
  try {
    return await answered;
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) {
      throw new ProblemError('invalid_request', 'The request broke off.');
    }
    throw new OutageError('The storage server did not answer.', { cause: error });
  }
}

function chosen(headers: IncomingMessage['headers'], names: readonly string[]): Record<string, string> {
  const entries: OutgoingHttpHeaders = Object.fromEntries(names.map((name) => [name, headers[name]]));
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

/** The object that was made, or why none was; null for an answer that says neither. */
function readable(body: string): string | null {
  if (body === '') return null;
  try {
    return JSON.stringify(z.union([objectSchema, errorSchema]).parse(JSON.parse(body)));
  } catch {
    return null;
  }
}
