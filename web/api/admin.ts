import { createRoute, z } from '@hono/zod-openapi';
import { JobDocument, JobPage, jobIdParameter, json, problemAnswers } from './describe.ts';
import { type ApiDependencies, requireAdmin } from './environment.ts';
import { eventStreamHeaders, openEventStream } from './event-stream.ts';
import { eventAnswer, eventRequest, jobEvents, positionOf } from './events.ts';
import { readWorkers } from './fleet-view.ts';
import { viewOf, visibleJob } from './job-access.ts';
import { adminJobQuery, given } from './jobs.ts';
import { followedJobs } from './live-jobs.ts';
import { overviewOf } from './overview.ts';
import { ProblemError } from './problems.ts';
import { createRouter } from './router.ts';
import { drainSchema, overviewSchema, settingsSchema, workerViewSchema } from './schema.ts';

const workersSchema = z.object({ workers: z.array(workerViewSchema.meta({ id: 'Worker' })) });
const security = [{ adminToken: [] }, { adminCookie: [] }];

const getOverview = createRoute({
  method: 'get',
  path: '/overview',
  operationId: 'getOverview',
  tags: ['admin'],
  security,
  summary: 'Read the numbers of the dashboard',
  responses: { 200: json(overviewSchema, 'The numbers.'), ...problemAnswers('admin_required') },
});

const listWorkers = createRoute({
  method: 'get',
  path: '/workers',
  operationId: 'listWorkers',
  tags: ['admin'],
  security,
  summary: 'List the workers with their last heartbeats',
  responses: { 200: json(workersSchema, 'The workers.'), ...problemAnswers('admin_required') },
});

const drainWorker = createRoute({
  method: 'post',
  path: '/workers/{id}/drain',
  operationId: 'drainWorker',
  tags: ['admin'],
  security,
  summary: 'Let a worker take no more jobs, or take them again',
  request: {
    params: z.object({ id: z.string().min(1).max(200) }),
    body: { required: true, content: { 'application/json': { schema: drainSchema } } },
  },
  responses: {
    200: json(workerViewSchema, 'The worker; it follows with its next heartbeats.'),
    ...problemAnswers(
      'invalid_request',
      'invalid_json',
      'admin_required',
      'cross_site',
      'not_found',
      'not_drainable',
      'body_too_large',
      'unsupported_media_type',
    ),
  },
});

const listAllJobs = createRoute({
  method: 'get',
  path: '/jobs',
  operationId: 'listAllJobs',
  tags: ['admin'],
  security,
  summary: "List everybody's jobs, newest first",
  request: { query: adminJobQuery },
  responses: { 200: json(JobPage, 'One page.'), ...problemAnswers('invalid_request', 'admin_required') },
});

const getAnyJob = createRoute({
  method: 'get',
  path: '/jobs/{id}',
  operationId: 'getAnyJob',
  tags: ['admin'],
  security,
  summary: "Read anybody's job",
  description: 'The other routes of a job, under `/jobs/{id}`, serve an admin for every job too.',
  request: { params: jobIdParameter },
  responses: {
    200: json(JobDocument, 'The job.'),
    ...problemAnswers('invalid_request', 'admin_required', 'not_found'),
  },
});

const getSettings = createRoute({
  method: 'get',
  path: '/settings',
  operationId: 'getSettings',
  tags: ['admin'],
  security,
  summary: 'Read the settings that are in force',
  responses: { 200: json(settingsSchema, 'The settings.'), ...problemAnswers('admin_required') },
});

const followEverything = createRoute({
  method: 'get',
  path: '/events',
  operationId: 'followEverything',
  tags: ['admin', 'events'],
  security,
  summary: 'Follow all jobs, the workers and the numbers',
  description:
    'Events: `job`, `present` and `removed` as in `/events`, for all jobs; `workers` and `overview`, each at most once a second.',
  request: eventRequest,
  responses: { 200: eventAnswer, ...problemAnswers('admin_required', 'too_many_streams') },
});

/** What only admins may see and do. */
export function adminRoutes({ ports, sessions, liveDashboard, streams }: ApiDependencies) {
  const router = createRouter();
  router.use(requireAdmin(sessions));
  return router
    .openapi(getOverview, async (c) => {
      const [open, newest, { policy }] = await Promise.all([
        ports.jobs.countOpen(),
        ports.jobs.find({}, followedJobs, null),
        ports.settings.routing(),
      ]);
      return c.json(overviewOf(open, newest.jobs, policy), 200);
    })
    .openapi(listWorkers, async (c) => c.json({ workers: await readWorkers(ports.fleet) }, 200))
    .openapi(drainWorker, async (c) => {
      const { id } = c.req.valid('param');
      const worker = (await readWorkers(ports.fleet)).find((each) => each.id === id);
      if (!worker) throw new ProblemError('not_found', 'There is no such worker.');
      if (worker.kind !== 'vm') {
        throw new ProblemError('not_drainable', 'Cloud Run starts and ends its instances itself.');
      }
      const { drain } = c.req.valid('json');
      await ports.fleet.setControl(id, { ...(await ports.fleet.control(id)), drain });
      liveDashboard.workersChanged();
      return c.json({ ...worker, drain }, 200);
    })
    .openapi(listAllJobs, async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query');
      const page = await ports.jobs.find(given(filter), limit, cursor ?? null);
      return c.json({ jobs: page.jobs.map(viewOf), cursor: page.cursor }, 200);
    })
    .openapi(getAnyJob, async (c) => {
      const job = await visibleJob(c.req.valid('param').id, { owner: '', admin: true }, ports.jobs);
      return c.json(viewOf(job), 200);
    })
    .openapi(getSettings, async (c) => c.json({ routing: await ports.settings.routing() }, 200))
    .openapi(followEverything, (c) => {
      if (c.req.method === 'HEAD') return c.body(null, 200, eventStreamHeaders);
      const leave = streams.enter('admin', () => stream.close());
      const stream = openEventStream(ports.clock, () => {
        leave();
        following.stop();
      });
      const following = liveDashboard.follow({
        ...jobEvents(stream, positionOf(c.req.valid('header')['last-event-id'])),
        workers: (workers) => stream.send({ key: 'workers', event: 'workers', data: { workers } }),
        overview: (overview) => stream.send({ key: 'overview', event: 'overview', data: overview }),
      });
      return c.body(stream.body, 200, eventStreamHeaders);
    });
}
