import type { CallerCheck } from '@spillway/pipeline/callers/check-caller.ts';
import type { FunctionHandler } from './handler.ts';

/** The function, for those alone who may call it. */
export function forCallers(check: CallerCheck, handler: FunctionHandler): FunctionHandler {
  return async (request, response) => {
    const verdict = await check({
      authorization: request.headers.authorization,
      'x-serverless-authorization': oneOf(request.headers['x-serverless-authorization']),
    });
    switch (verdict.kind) {
      case 'welcome':
        return handler(request, response);
      case 'refused':
        if (verdict.status === 401) response.set('WWW-Authenticate', 'Bearer');
        response.status(verdict.status).end();
        return;
      case 'outage':
        response.status(verdict.status).end();
        return;
      default:
        verdict satisfies never;
    }
  };
}

/** A header that comes twice is joined, and is no token any more. */
function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header;
}
