import { createRoute, z } from '@hono/zod-openapi';
import { openTo, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { eventStreamHeaders, openEventStream } from './event-stream.ts';
import { jobEvents } from './job-events.ts';
import type { Visitor } from './limits.ts';
import type { JobListener } from './live-jobs.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { placeNamed, type WritePlace } from './write-places.ts';

/** Milliseconds after which the stream of a visitor who has no job is ended. */
const idleMs = 60_000;

export const eventRequest = {
  headers: z.object({
    'last-event-id': z
      .string()
      .optional()
      .describe('Id of the last event seen: only what changed since is sent.'),
  }),
};
export const eventAnswer = {
  description:
    'Server-sent events, for ten minutes at most: a browser then comes back by itself and says which it has seen.',
  content: { 'text/event-stream': { schema: z.string() } },
};

/** Milliseconds between two looks whether the key of a stream is valid still. */
const keyCheckMs = 30_000;

const followJobs = createRoute({
  method: 'get',
  path: '/events',
  operationId: 'followJobs',
  tags: ['events'],
  middleware: limited('streams', 'read'),
  security: openTo('read'),
  summary: 'Follow your own jobs',
  description:
    'Events: `job` (a whole job, first for the newest jobs and then at every change), `present` (the ids of the newest jobs, once at the start), `removed` (`{ id }` of a deleted job), `idle` (once, before a stream ends because the visitor has had no job for a minute: come back when there is something to wait for).',
  request: eventRequest,
  responses: { 200: eventAnswer, ...problemAnswers(...visitorProblems, 'too_many_streams') },
});

/** `GET /events`. */
export function eventRoutes(dependencies: ApiDependencies) {
  return createOpenApiApp().openapi(followJobs, (c) => {
    if (c.req.method === 'HEAD') return c.body(null, 200, eventStreamHeaders);
    const since = placeNamed(c.req.valid('header')['last-event-id']);
    return c.body(ownJobsStream(c.var.visitor, since, dependencies), 200, eventStreamHeaders);
  });
}

/** The visitor's own jobs as events. A stream that has had none to tell of ends after a minute. */
function ownJobsStream(
  { owner, admin, address, key }: Visitor,
  since: WritePlace | null,
  { ports, liveJobs, streams, keyring }: ApiDependencies,
): ReadableStream<Uint8Array> {
  const place = streams.enter(
    admin !== null ? { kind: 'admin' } : { kind: 'visitor', owner, address },
    (why) => {
      if (why === 'idle') endIdle();
      else stream.close();
    },
  );
  const stream = openEventStream(ports.timers, () => {
    place.leave();
    stopIdle();
    stopChecks();
    following.stop();
  });
  const endIdle = () => {
    stream.send({ key: 'idle', event: 'idle', data: {} });
    stream.close();
  };
  const stopIdle = ports.timers.every(idleMs, () => {
    if (!place.kept) endIdle();
  });
  // A stream goes on for minutes after its request was let in, and the key may end in that time.
  const stopChecks = key ? ports.timers.every(keyCheckMs, () => void endWithKey(key.id)) : () => {};
  const endWithKey = async (id: string) => {
    // What cannot be asked is not believed: the program comes back, and is then told why.
    const isValid = await keyring.isValid(id).catch(() => false);
    if (!isValid) stream.close();
  };
  const following = liveJobs.follow(
    owner,
    withFirstJob(jobEvents(stream, since), () => place.keep()),
  );
  return stream.body;
}

/** The same listener, with `onJob` called before it hears of a job. */
function withFirstJob(listener: JobListener, onJob: () => void): JobListener {
  return {
    ...listener,
    begin(jobs) {
      if (jobs.length > 0) onJob();
      listener.begin(jobs);
    },
    changed(job) {
      onJob();
      listener.changed(job);
    },
  };
}
