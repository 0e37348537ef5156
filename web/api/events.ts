import { createRoute, z } from '@hono/zod-openapi';
import type { Stored } from '@spillway/pipeline/ports/jobs.ts';
import { problemAnswers } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { type EventStream, eventStreamHeaders, openEventStream } from './event-stream.ts';
import { viewOf } from './job-access.ts';
import type { Visitor } from './limits.ts';
import type { JobListener } from './live-jobs.ts';
import { createOpenApiApp } from './openapi-app.ts';

/** Milliseconds after which the stream of a visitor who has no job is ended. */
const idleMs = 60_000;

/** Where a browser stopped listening: the last change that it has seen. */
interface Position {
  /** When it was written, in milliseconds. */
  at: number;
  id: string;
  revision: number;
}

export const eventRequest = {
  headers: z.object({
    'last-event-id': z
      .string()
      .optional()
      .describe('Id of the last event seen: only what changed since is sent.'),
  }),
};
export const eventAnswer = {
  description: 'Server-sent events, until the client leaves.',
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
    const since = positionOf(c.req.valid('header')['last-event-id']);
    return c.body(ownJobsStream(c.var.visitor, since, dependencies), 200, eventStreamHeaders);
  });
}

/** The visitor's own jobs as events. A stream that has had none to tell of ends after a minute. */
function ownJobsStream(
  { owner, admin, address }: Visitor,
  since: Position | null,
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

/** Sends what a feed of jobs tells as events, leaving out what the browser has seen before. */
export function jobEvents(stream: EventStream, since: Position | null): JobListener {
  const send = (stored: Stored) => {
    const { job, updatedAt } = stored;
    const id = `${updatedAt.getTime()}-${job.revision}-${job.id}`;
    stream.send({ key: job.id, event: 'job', data: viewOf(job), id });
  };
  return {
    begin(jobs) {
      const news = jobs.filter((stored) => isNews(stored, since));
      // Oldest change first: the last event's id covers all earlier ones.
      news.sort((a, b) => a.updatedAt.getTime() - b.updatedAt.getTime());
      for (const stored of news) send(stored);
      stream.send({ key: '', event: 'present', data: { ids: jobs.map(({ job }) => job.id) } });
    },
    changed: send,
    removed: (id) => stream.send({ key: id, event: 'removed', data: { id } }),
    failed: () => stream.close(),
  };
}

/** Reads a Last-Event-ID; null, so that everything is sent, where it is none of ours. */
export function positionOf(lastEventId: string | undefined): Position | null {
  const [, at, revision, id] = /^(\d{1,15})-(\d{1,15})-(\w{1,64})$/.exec(lastEventId ?? '') ?? [];
  return id === undefined ? null : { at: Number(at), revision: Number(revision), id };
}

/** Other changes of the same millisecond may not have been seen, so they count as news. */
function isNews({ job, updatedAt }: Stored, since: Position | null): boolean {
  if (since === null) return true;
  const at = updatedAt.getTime();
  if (job.id === since.id) return job.revision > since.revision;
  return at >= since.at;
}
