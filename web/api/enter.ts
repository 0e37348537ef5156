import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { refuseCrossSite } from './cross-site.ts';
import { ProblemError } from './problems.ts';
import type { Sessions } from './sessions.ts';
import type { TokenAdmins } from './token-admins.ts';

/** Bytes. */
const largestBody = 4_096;
const entrySchema = z.object({ token: z.string() });

/**
 * What makes a browser the admin's, where a token does. The address that is given to people is `/admin/enter#token=…`:
 * what is behind `#` reaches no server, proxy or log, and browsers take it along to the dashboard, whose page sends it
 * here. `POST /admin/enter` takes it as JSON or as a form, and never in its address.
 */
export function enterRoutes(sessions: Sessions, admins: TokenAdmins) {
  return new Hono()
    .use('/admin/enter', refuseCrossSite(sessions), async (c, next) => {
      await next();
      c.header('Cache-Control', 'no-store');
    })
    .get('/admin/enter', (c) => c.redirect('/dashboard/', 302))
    .post('/admin/enter', bodyLimit({ maxSize: largestBody, onError: refuseLargeBody }), async (c) => {
      const isForm = c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded') ?? false;
      const body: unknown = isForm ? await c.req.parseBody() : await c.req.json().catch(() => null);
      const token = entrySchema.safeParse(body).data?.token;
      if (token === undefined || !admins.isToken(token)) {
        throw new ProblemError('wrong_token', 'This is not the admin token.');
      }
      admins.setCookie(c);
      return isForm ? c.redirect('/dashboard/', 303) : c.body(null, 204);
    });
}

function refuseLargeBody(): never {
  throw new ProblemError('body_too_large', `A body may have up to ${largestBody} bytes.`);
}
