import { createRoute, z } from '@hono/zod-openapi';
import { problemAnswers } from './describe.ts';
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

const followJobs = createRoute({
  method: 'get',
  path: '/events',
  operationId: 'followJobs',
  tags: ['events'],
  middleware: limited('streams'),
  summary: 'Follow your own jobs',
  description:
    'Events: `job` (a whole job, first for the newest jobs and then at every change), `present` (the ids of the newest jobs, once at the start), `removed` (`{ id }` of a deleted job), `idle` (once, before a stream ends because the visitor has had no job for a minute: come back when there is something to wait for).',
  request: eventRequest,
  responses: { 200: eventAnswer, ...problemAnswers('too_many_requests', 'too_many_streams') },
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
  { owner, admin, address }: Visitor,
  since: WritePlace | null,
  { ports, liveJobs, streams }: ApiDependencies,
): ReadableStream<Uint8Array> {
  const place = streams.enter(admin ? { kind: 'admin' } : { kind: 'visitor', owner, address }, (why) => {
    if (why === 'idle') endIdle();
    else stream.close();
  });
  const stream = openEventStream(ports.timers, () => {
    place.leave();
    stopIdle();
    following.stop();
  });
  const endIdle = () => {
    stream.send({ key: 'idle', event: 'idle', data: {} });
    stream.close();
  };
  const stopIdle = ports.timers.every(idleMs, () => {
    if (!place.kept) endIdle();
  });
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
