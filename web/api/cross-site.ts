import { createMiddleware } from 'hono/factory';
import { ProblemError } from './problems.ts';
import { proxyHeader } from './proxy-admins.ts';
import type { Sessions } from './sessions.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);
/** What a browser brings along by itself, whichever page has made it send the request. */
const ambient = ['cookie', proxyHeader];

/**
 * Refuses requests that change something and were made by another site's page. Browsers say where a request comes
 * from. A program that says nothing passes only where nothing was added to its request that speaks for a person: no
 * cookie, and no header of Identity-Aware Proxy, which makes that header of a cookie of its own and may take the cookie
 * out.
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
            : ambient.every((name) => c.req.header(name) === undefined);
      if (!own) {
        throw new ProblemError('cross_site', 'Requests that change something must come from this site.');
      }
    }
    await next();
  });
}
