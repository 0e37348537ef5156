import { createMiddleware } from 'hono/factory';
import { ProblemError } from './problems.ts';
import type { Sessions } from './sessions.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses requests that change something and were made by another site's page. Browsers say where a request comes
 * from; a program that says nothing passes only without cookies, since then it acts for nobody else.
 */
export function refuseCrossSite(sessions: Sessions) {
  return createMiddleware(async (c, next) => {
    if (!safeMethods.has(c.req.method)) {
      // Where both are sent, Sec-Fetch-Site is the surer: no proxy between makes the two origins differ.
      const site = c.req.header('sec-fetch-site');
      const origin = c.req.header('origin');
      const own =
        site !== undefined
          ? site === 'same-origin'
          : origin !== undefined
            ? origin === sessions.siteOrigin(c)
            : c.req.header('cookie') === undefined;
      if (!own) {
        throw new ProblemError('cross_site', 'Requests that change something must come from this site.');
      }
    }
    await next();
  });
}
