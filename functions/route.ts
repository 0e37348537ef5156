import type { CloudEventFunction } from '@google-cloud/functions-framework';
import { finalizedObjectSchema } from '@spillway/core/uploads.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { routeUpload } from '@spillway/pipeline/route.ts';
import { z } from 'zod';

/**
 * The routing function: a storage CloudEvent becomes jobs. It throws when a service does not answer, so that the
 * framework answers 5xx and Eventarc brings the event again; an event that can never be read is logged and accepted.
 */
export function createRouteFunction(ports: Ports): CloudEventFunction<unknown> {
  return async (event) => {
    const object = finalizedObjectSchema.safeParse(event.data);
    if (!object.success) {
      const problem = z.prettifyError(object.error);
      await ports.queue.bury(JSON.stringify(event.data ?? null), `Event ${event.id}: ${problem}`);
      ports.log.error({ eventId: event.id, problem }, 'A storage event could not be read and was put aside.');
      return;
    }
    const trace = typeof event.traceparent === 'string' ? event.traceparent : null;
    await routeUpload(object.data, trace, ports);
  };
}
