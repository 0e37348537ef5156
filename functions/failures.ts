import { messageOf, OutageError } from '@spillway/core/errors.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { FunctionHandler } from './handler.ts';

/**
 * The function, and an answer where it rejects: 503 if a service did not answer, else 500. Both make the caller try
 * again. The framework itself would write the error as text of many lines.
 */
export function withFailures(handler: FunctionHandler, log: Log): FunctionHandler {
  return async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      const isOutage = error instanceof OutageError;
      const say = isOutage ? log.warn : log.error;
      say({ error }, `A call failed and has to come again. ${messageOf(error)}`);
      response.status(isOutage ? 503 : 500).end();
    }
  };
}
