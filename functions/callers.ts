import type { CallerCheck } from '@spillway/pipeline/callers/check-caller.ts';
import type { FunctionHandler } from './handler.ts';

/** The function, for those alone who may call it. */
export function forCallers(check: CallerCheck, handler: FunctionHandler): FunctionHandler {
  return async (request, response) => {
    const verdict = await check({
      authorization: oneOf(request.headersDistinct.authorization),
      'x-serverless-authorization': oneOf(request.headersDistinct['x-serverless-authorization']),
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

/** Headers that come twice are joined, and are no token any more: nobody knows which of them Cloud Run has verified. */
function oneOf(headers: string[] | undefined): string | undefined {
  return headers?.join();
}
