import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { refuseCrossSite } from './cross-site.ts';
import { ProblemError } from './problems.ts';
import type { Sessions } from './sessions.ts';

/** Bytes. */
const largestBody = 4_096;
const entrySchema = z.object({ token: z.string() });

/**
 * What makes a browser the admin's.
 *
 * - `GET /admin/enter#token=…` is the address that is given to people. What is behind `#` reaches no server, proxy or
 *   log; browsers take it along to the dashboard, whose page sends it here.
 * - `POST /admin/enter` takes the token, as JSON or as a form.
 * - `GET /admin/enter?token=…` still answers, for programs that keep cookies and run no pages. Nothing links to it.
 */
export function enterRoutes(sessions: Sessions) {
  function enter(token: string | undefined): void {
    if (token === undefined || !sessions.isAdminToken(token)) {
      throw new ProblemError('wrong_token', 'This is not the admin token.');
    }
  }

  return new Hono()
    .use('/admin/enter', refuseCrossSite(sessions), async (c, next) => {
      await next();
      c.header('Cache-Control', 'no-store');
      // A token in the address must not be sent on to another page.
      c.header('Referrer-Policy', 'no-referrer');
    })
    .get('/admin/enter', (c) => {
      const token = c.req.query('token');
      if (token === undefined) return c.redirect('/dashboard/', 302);
      enter(token);
      sessions.setAdminCookie(c);
      return c.redirect('/dashboard/', 303);
    })
    .post('/admin/enter', bodyLimit({ maxSize: largestBody, onError: refuseLargeBody }), async (c) => {
      const isForm = c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded') ?? false;
      const body: unknown = isForm ? await c.req.parseBody() : await c.req.json().catch(() => null);
      enter(entrySchema.safeParse(body).data?.token);
      sessions.setAdminCookie(c);
      return isForm ? c.redirect('/dashboard/', 303) : c.body(null, 204);
    });
}

function refuseLargeBody(): never {
  throw new ProblemError('body_too_large', `A body may have up to ${largestBody} bytes.`);
}
