import { type Health, statusCodeOf } from '@spillway/pipeline/health.ts';
import type { FunctionHandler } from './handler.ts';

/** The function, and `GET /health` beside it: the framework passes requests of every method and path to the function. */
export function withHealth(handler: FunctionHandler, health: Health): FunctionHandler {
  return async (request, response) => {
    const [path] = request.url.split('?');
    if (path !== '/health' || request.method !== 'GET') return handler(request, response);
    const report = await health.report();
    response.status(statusCodeOf(report)).set('Cache-Control', 'no-store').json(report);
  };
}
