import type { HttpBindings } from '@hono/node-server';
import type { CallerCheck } from '@spillway/pipeline/callers/check-caller.ts';
import { isFromPage } from '@spillway/pipeline/http/page-requests.ts';
import type { Hono } from 'hono';

/** Lets nobody but the service's caller reach the routes that are added from here on. */
export function guardCalls(app: Hono<{ Bindings: HttpBindings }>, check: CallerCheck): void {
  app.use(async (context, next) => {
    // On a developer's machine any web page could reach this port.
    if (isFromPage(context.req.header())) return context.text('No page has business here.', 403);
    return next();
  });
  app.use(async (context, next) => {
    // Nothing of the body is read for a stranger.
    const verdict = await check(context.req.header());
    switch (verdict.kind) {
      case 'welcome':
        return next();
      case 'refused':
        if (verdict.status === 401) context.header('WWW-Authenticate', 'Bearer');
        return context.body(null, verdict.status);
      case 'outage':
        return context.text('Try again later.', verdict.status);
      default:
        return verdict satisfies never;
    }
  });
}
