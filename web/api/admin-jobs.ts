import { createRoute, z } from '@hono/zod-openapi';
import { filterOf, type JobQuery, jobQuerySchema } from '@spillway/core/job-query.ts';
import { storableText } from '@spillway/core/text.ts';
import { countByState, failureCauses, mostCounted } from '@spillway/pipeline/find-jobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { causesSchema, jobCountSchema, stateCountsSchema } from './admin-schema.ts';
import { attachment } from './content-disposition.ts';
import { adminProblems, adminSecurity, JobPage, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { viewOf } from './job-access.ts';
import { exportFormats, exportOf, exportTypes } from './job-export.ts';
import { createOpenApiApp } from './openapi-app.ts';

const listAllJobs = createRoute({
  method: 'get',
  path: '/jobs',
  operationId: 'listAllJobs',
  tags: ['admin'],
  security: adminSecurity,
  summary: "List everybody's jobs, newest first",
  request: {
    query: jobQuerySchema.extend({
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: storableText().max(200).optional(),
    }),
  },
  responses: {
    200: json(
      JobPage,
      'One page; `cursor` leads to the next, and is null on the last. A page of a search by file name may have fewer jobs than were asked for and lead on all the same.',
    ),
    ...problemAnswers('invalid_request', ...adminProblems),
  },
});

const countJobs = createRoute({
  method: 'get',
  path: '/jobs/count',
  operationId: 'countJobs',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Count the jobs that match',
  description: `Counts no further than ${mostCounted}.`,
  request: { query: jobQuerySchema },
  responses: {
    200: json(jobCountSchema, 'The number.'),
    ...problemAnswers('invalid_request', ...adminProblems),
  },
});

const countJobsByState = createRoute({
  method: 'get',
  path: '/jobs/counts',
  operationId: 'countJobsByState',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Count the jobs that match, by state',
  description: `The query's own \`state\` does not count here. Each number goes no further than ${mostCounted}.`,
  request: { query: jobQuerySchema },
  responses: {
    200: json(stateCountsSchema, 'The numbers.'),
    ...problemAnswers('invalid_request', ...adminProblems),
  },
});

const listCauses = createRoute({
  method: 'get',
  path: '/jobs/causes',
  operationId: 'listFailureCauses',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Group the failed jobs that match by their causes',
  description: 'The most frequent cause first, each with the newest of its jobs.',
  request: { query: jobQuerySchema },
  responses: {
    200: json(causesSchema, 'The causes.'),
    ...problemAnswers('invalid_request', ...adminProblems),
  },
});

const exportJobs = createRoute({
  method: 'get',
  path: '/jobs/export',
  operationId: 'exportJobs',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Export the jobs that match as CSV or JSON, newest first',
  description:
    'Streamed, so that any number of jobs can be exported; each is read from the database once. Cells that a spreadsheet would run as a formula begin with an apostrophe.',
  request: { query: jobQuerySchema.extend({ format: z.enum(exportFormats).default('csv') }) },
  responses: {
    200: {
      description: 'The jobs.',
      content: { 'text/csv': { schema: z.string() }, 'application/json': { schema: z.array(z.unknown()) } },
    },
    ...problemAnswers('invalid_request', ...adminProblems),
  },
});

/** What an admin asks of all jobs together. */
export function adminJobRoutes({ ports }: Pick<ApiDependencies, 'ports'>) {
  const meant = (query: JobQuery) => filterOf(query, ports.clock.now());
  return createOpenApiApp()
    .openapi(listAllJobs, async (c) => {
      const { limit, cursor, ...query } = c.req.valid('query');
      const page = await ports.feed.find(meant(query), limit, cursor ?? null);
      return c.json({ jobs: page.jobs.map(viewOf), cursor: page.cursor }, 200);
    })
    .openapi(countJobs, async (c) => {
      return c.json(await ports.feed.count(meant(c.req.valid('query')), mostCounted), 200);
    })
    .openapi(countJobsByState, async (c) => {
      return c.json({ byState: await countByState(meant(c.req.valid('query')), ports) }, 200);
    })
    .openapi(listCauses, async (c) => {
      const causes = await failureCauses(meant(c.req.valid('query')), ports);
      return c.json({ causes: causes.map((cause) => ({ ...cause, example: viewOf(cause.example) })) }, 200);
    })
    .openapi(exportJobs, (c) => {
      const { format, ...query } = c.req.valid('query');
      c.header('Content-Type', exportTypes[format]);
      c.header('Content-Disposition', attachment(`jobs-${stamp(ports)}.${format}`));
      return c.body(exportOf(meant(query), format, ports), 200);
    });
}

function stamp({ clock }: Pick<Ports, 'clock'>): string {
  return clock.now().toISOString().slice(0, 16).replaceAll(':', '-');
}
