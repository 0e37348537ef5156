import { messageOf, OutageError, RefusedError } from '@spillway/core/errors.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import { overTime } from '@spillway/core/steps.ts';
import { readTrace } from '@spillway/core/trace.ts';
import { passOver } from '@spillway/pipeline/pass-over.ts';
import type { Consumer, StorageEvent } from '@spillway/pipeline/ports/consumer.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { createRecentArrivals, type RecentArrivals } from '@spillway/pipeline/recent-arrivals.ts';
import { routeUpload } from '@spillway/pipeline/route.ts';
import { tellDeadLetter } from '@spillway/pipeline/telemetry/facts.ts';
import type { FunctionHandler, FunctionRequest } from './handler.ts';

type RoutePorts = Ports & { consumer: Pick<Consumer, 'readStorageEvent'> };

/** Eventarc gives up after this time, so an event that still fails then is put aside. Milliseconds. */
const giveUpAfterMs = 24 * 3_600_000;
/** Headers that are left out of what is put aside: they are credentials, and say nothing about the object. */
const secretHeaders = new Set([
  'authorization',
  'cookie',
  'x-serverless-authorization',
  'x-goog-iap-jwt-assertion',
]);

/** What is known of a request that tells of an upload, whoever has brought it here. */
export type UploadEventRequest = Pick<FunctionRequest, 'method' | 'url' | 'headers' | 'body' | 'rawBody'>;

/** The routing function: an HTTP request that tells of an upload is answered when its jobs are there. */
export function createRouteFunction(ports: RoutePorts): FunctionHandler {
  const arrivals = createRecentArrivals();
  return async (request, response) => {
    if (request.method !== 'POST') {
      response.set('Allow', 'POST').status(405).end();
      return;
    }
    await routeEvent(request, ports, arrivals);
    response.status(204).end();
  };
}

/**
 * A storage event becomes jobs. Rejects when a service does not answer, so that the event comes again. An event that
 * cannot be read, or that a service refuses for good, is put aside whole, and the admin is told. Once the cause is mended,
 * the search for lost uploads finds its object.
 * @param arrivals What this process has routed of late.
 */
export async function routeEvent(
  request: UploadEventRequest,
  ports: RoutePorts,
  arrivals: RecentArrivals,
): Promise<void> {
  const event = ports.consumer.readStorageEvent({ headers: request.headers, body: parsedBody(request) });
  switch (event.kind) {
    case 'finalized':
      return route(event, request, ports, arrivals);
    case 'unreadable':
      return putAside(event, request, new Error(event.problem), ports);
    case 'other':
      ports.log.info(
        { eventId: event.eventId, type: event.type },
        'An event that finalizes no object was ignored.',
      );
      return;
    default:
      event satisfies never;
  }
}

async function route(
  event: Extract<StorageEvent, { kind: 'finalized' }>,
  request: UploadEventRequest,
  ports: Ports,
  arrivals: RecentArrivals,
): Promise<void> {
  try {
    await routeUpload(event.object, readTrace(request.headers.traceparent), ports, { arrivals });
  } catch (error) {
    const { timeCreated } = event.object;
    const isOld = ports.clock.now().getTime() - timeCreated.getTime() > giveUpAfterMs;
    if (error instanceof RefusedError || isOld) {
      await putAside(event, request, error, ports);
      return;
    }
    const why = messageOf(error);
    const message = `Routing ${objectAddress(event.object)} (event ${event.eventId}) was cut off: ${why}`;
    throw error instanceof OutageError
      ? new OutageError(message, { cause: error })
      : new Error(message, { cause: error });
  }
}

/** Keeps the event in `jobs-dead`, with what is needed to find its object. Throws where it cannot be kept. */
async function putAside(
  event: StorageEvent,
  request: UploadEventRequest,
  error: unknown,
  ports: Ports,
): Promise<void> {
  const { eventId } = event;
  const item =
    event.kind === 'finalized' ? objectAddress(event.object) : `event ${eventId || 'without an id'}`;
  const why = messageOf(error);
  const whole = JSON.stringify({
    ...(event.kind === 'finalized'
      ? { bucket: event.object.bucket, name: event.object.name, generation: event.object.generation }
      : {}),
    eventId,
    why,
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => !secretHeaders.has(name))),
    ...bodyOf(request),
  });
  try {
    await ports.queue.bury(whole, `Event ${eventId} of ${item}: ${why}`);
  } catch (failure) {
    throw new Error(
      `Routing ${item} (event ${eventId}) failed, and the event could not be put aside: ${why}`,
      {
        cause: failure,
      },
    );
  }
  tellDeadLetter('event', ports);
  await overTime(
    passOver({ task: 'routing', item }, new Error(`Event ${eventId}: ${why}`, { cause: error }), ports),
  );
}

/** A message that is pushed without its wrapper may lack the content type of JSON. */
function parsedBody({ body, rawBody }: UploadEventRequest): unknown {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return body;
  try {
    return JSON.parse((rawBody ?? Buffer.from(body)).toString('utf8'));
  } catch {
    return body;
  }
}

/** The bytes of the request: as text where they are text, else in base64. */
function bodyOf({ rawBody, body }: UploadEventRequest): { body: string } | { bodyBase64: string } {
  if (!rawBody) return { body: JSON.stringify(body ?? null) };
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(rawBody) };
  } catch {
    return { bodyBase64: rawBody.toString('base64') };
  }
}
