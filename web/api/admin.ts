import { createRoute, z } from '@hono/zod-openapi';
import { actualDollars } from '@spillway/core/actual-dollars.ts';
import { adminAuditRoutes } from './admin-audit.ts';
import { adminCloudRunRoutes } from './admin-cloud-run.ts';
import { adminExplainRoutes } from './admin-explain.ts';
import { adminJobRoutes } from './admin-jobs.ts';
import { adminKeyRoutes } from './admin-keys.ts';
import { adminLogRoutes } from './admin-logs.ts';
import { adminMetricsRoutes } from './admin-metrics.ts';
import { adminReceiptRoutes } from './admin-receipt.ts';
import { jobDetailSchema, overviewSchema } from './admin-schema.ts';
import { adminSettingsRoutes } from './admin-settings.ts';
import { adminSettingsHistoryRoutes } from './admin-settings-history.ts';
import { adminSourceRoutes } from './admin-sources.ts';
import { adminTraceRoutes } from './admin-trace.ts';
import { adminWhatIfRoutes } from './admin-what-if.ts';
import { adminWorkerRoutes } from './admin-workers.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { adminProblems, adminSecurity, jobIdParameter, json, problemAnswers } from './describe.ts';
import { type ApiDependencies, requireAdmin } from './environment.ts';
import { eventStreamHeaders, openEventStream } from './event-stream.ts';
import { eventAnswer, eventRequest } from './events.ts';
import { anyOwner, visibleJob } from './job-access.ts';
import { jobEvents } from './job-events.ts';
import { type DashboardTopic, dashboardTopics } from './live-dashboard.ts';
import { massActionRoutes } from './mass-actions.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { readOverview } from './overview.ts';
import { placeNamed } from './write-places.ts';

const getOverview = createRoute({
  method: 'get',
  path: '/overview',
  operationId: 'getOverview',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read the numbers of the dashboard',
  responses: { 200: json(overviewSchema, 'The numbers.'), ...problemAnswers(...adminProblems) },
});

const getAnyJob = createRoute({
  method: 'get',
  path: '/jobs/{id}',
  operationId: 'getAnyJob',
  tags: ['admin'],
  security: adminSecurity,
  summary: "Read anybody's job",
  description: 'The other routes of a job, under `/jobs/{id}`, serve an admin for every job too.',
  request: { params: jobIdParameter },
  responses: {
    200: json(jobDetailSchema.meta({ id: 'JobDetail' }), 'The job.'),
    ...problemAnswers('invalid_request', ...adminProblems, 'not_found'),
  },
});

const anyTopic = dashboardTopics.join('|');

const topicQuery = z.strictObject({
  topics: z
    .string()
    .regex(
      new RegExp(`^(${anyTopic})(,(${anyTopic}))*$`),
      `Give one or more of ${dashboardTopics.join(', ')}.`,
    )
    .default(dashboardTopics.join(','))
    .describe('What to tell of, separated by commas.'),
});

const followEverything = createRoute({
  method: 'get',
  path: '/events',
  operationId: 'followEverything',
  tags: ['admin', 'events'],
  security: adminSecurity,
  summary: 'Follow all jobs, the workers and the numbers',
  description:
    'Events: `job`, `present` and `removed` as in `/events`, for all jobs; `workers` and `overview`, each every few seconds; with a large fleet, and with many jobs, less often. What passes faster than it is read is told of once, as it is then. What no page has in its `topics` is not read.',
  request: { ...eventRequest, query: topicQuery },
  responses: {
    200: eventAnswer,
    ...problemAnswers('invalid_request', ...adminProblems, 'too_many_streams'),
  },
});

/** What only admins may see and do. */
export function adminRoutes(dependencies: ApiDependencies) {
  const { ports, liveDashboard, streams } = dependencies;
  const api = createOpenApiApp();
  api.use(requireAdmin(dependencies));
  api.route('/', adminWorkerRoutes(dependencies));
  // Before the route of one job: `counts` is no id.
  api.route('/', adminJobRoutes(dependencies));
  api.route('/', massActionRoutes(dependencies));
  api.route('/', deadLetterRoutes(dependencies));
  api.route('/', adminSettingsRoutes(dependencies));
  api.route('/', adminSettingsHistoryRoutes(dependencies));
  api.route('/', adminSourceRoutes(dependencies));
  api.route('/', adminExplainRoutes(dependencies));
  api.route('/', adminWhatIfRoutes(dependencies));
  api.route('/', adminAuditRoutes(dependencies));
  api.route('/', adminKeyRoutes(dependencies));
  api.route('/', adminTraceRoutes(dependencies));
  api.route('/', adminLogRoutes(dependencies));
  api.route('/', adminReceiptRoutes(dependencies));
  api.route('/', adminCloudRunRoutes(dependencies));
  api.route('/', adminMetricsRoutes(dependencies));
  return api
    .openapi(getOverview, async (c) => {
      return c.json(await readOverview(await ports.fleet.read(), ports), 200);
    })
    .openapi(getAnyJob, async (c) => {
      const [job, { settings }] = await Promise.all([
        visibleJob(c.req.valid('param').id, anyOwner, ports.jobs),
        ports.settings.readRouting(),
      ]);
      return c.json(jobDetailSchema.parse({ ...job, actualDollars: actualDollars(job, settings) }), 200);
    })
    .openapi(followEverything, (c) => {
      if (c.req.method === 'HEAD') return c.body(null, 200, eventStreamHeaders);
      const place = streams.enter({ kind: 'admin' }, () => stream.close());
      const stream = openEventStream(ports.timers, () => {
        place.leave();
        following.stop();
      });
      const wanted = c.req.valid('query').topics.split(',');
      const topics = dashboardTopics.filter((topic): topic is DashboardTopic => wanted.includes(topic));
      const following = liveDashboard.follow(
        {
          ...jobEvents(stream, placeNamed(c.req.valid('header')['last-event-id'])),
          workers: (news) => stream.send({ key: 'workers', event: 'workers', data: news }),
          overview: (overview) => stream.send({ key: 'overview', event: 'overview', data: overview }),
        },
        topics,
      );
      return c.body(stream.body, 200, eventStreamHeaders);
    });
}
