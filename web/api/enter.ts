import { Hono } from 'hono';
import { ProblemError } from './problems.ts';
import type { Sessions } from './sessions.ts';

/** `GET /admin/enter?token=…`: the address that makes a browser the admin's. */
export function enterRoutes(sessions: Sessions) {
  return new Hono().get('/admin/enter', (c) => {
    c.header('Cache-Control', 'no-store');
    // The token is in the address, which must not be sent on to another page.
    c.header('Referrer-Policy', 'no-referrer');
    if (!sessions.isAdminToken(c.req.query('token') ?? '')) {
      throw new ProblemError('wrong_token', 'The token in the address is not the admin token.');
    }
    sessions.setAdminCookie(c);
    return c.redirect('/dashboard/', 303);
  });
}
