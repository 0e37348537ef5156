import { createRoute, z } from '@hono/zod-openapi';
import type { AdminAction } from '@spillway/core/audit.ts';
import { type Job, jobStateSchema } from '@spillway/core/job.ts';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import { storableText } from '@spillway/core/text.ts';
import { cancelJob } from '@spillway/pipeline/cancel.ts';
import { deleteJob } from '@spillway/pipeline/delete.ts';
import { type Retried, retryJob } from '@spillway/pipeline/retry.ts';
import { type AdminDeed, actingAdmin, audited } from './audit.ts';
import {
  JobDocument,
  JobPage,
  jobIdParameter,
  json,
  openTo,
  problemAnswers,
  visitorProblems,
} from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { noSuchJob, ownJob, viewOf, visibleJob } from './job-access.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';

const jobQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: storableText().max(200).optional(),
  upload: storableText().optional(),
  batch: storableText().optional(),
  operation: storableText().optional(),
  state: jobStateSchema.optional(),
});

const listJobs = createRoute({
  method: 'get',
  path: '/jobs',
  operationId: 'listJobs',
  tags: ['jobs'],
  middleware: limited('reads', 'read'),
  security: openTo('read'),
  summary: 'List your own jobs, newest first',
  request: { query: jobQuery },
  responses: {
    200: json(JobPage, 'One page; `cursor` leads to the next, and is null on the last.'),
    ...problemAnswers('invalid_request', ...visitorProblems),
  },
});

const getJob = createRoute({
  method: 'get',
  path: '/jobs/{id}',
  operationId: 'getJob',
  tags: ['jobs'],
  middleware: limited('reads', 'read'),
  security: openTo('read'),
  summary: 'Read one job',
  request: { params: jobIdParameter },
  responses: {
    200: json(JobDocument, 'The job.'),
    ...problemAnswers('invalid_request', 'not_found', ...visitorProblems),
  },
});

const retry = createRoute({
  method: 'post',
  path: '/jobs/{id}/retry',
  operationId: 'retryJob',
  tags: ['jobs'],
  middleware: limited('changes', 'change'),
  security: openTo('change'),
  summary: 'Run an ended job once more',
  description: 'Makes a new job; asking again gives the same one.',
  request: { params: jobIdParameter },
  responses: {
    201: json(JobDocument, 'The new job.'),
    ...problemAnswers(
      'invalid_request',
      'cross_site',
      'not_found',
      'not_ended',
      'already_succeeded',
      'not_retryable',
      ...visitorProblems,
    ),
  },
});

const cancel = createRoute({
  method: 'post',
  path: '/jobs/{id}/cancel',
  operationId: 'cancelJob',
  tags: ['jobs'],
  middleware: limited('changes', 'change'),
  security: openTo('change'),
  summary: 'End a job that has not ended',
  request: { params: jobIdParameter },
  responses: {
    200: json(JobDocument, 'The cancelled job.'),
    ...problemAnswers('invalid_request', 'cross_site', 'not_found', 'already_ended', ...visitorProblems),
  },
});

const remove = createRoute({
  method: 'delete',
  path: '/jobs/{id}',
  operationId: 'deleteJob',
  tags: ['jobs'],
  middleware: limited('changes', 'change'),
  security: openTo('change'),
  summary: 'Delete a job and its results',
  description:
    'The original goes with the last of its jobs. What becomes of the files in the buckets says `GET /deletion`.',
  request: { params: jobIdParameter },
  responses: {
    204: { description: 'The job is deleted.' },
    ...problemAnswers('invalid_request', 'cross_site', 'not_found', ...visitorProblems),
  },
});

/** Job documents, and what a person can do with a job. */
export function jobRoutes({ ports, liveDashboard }: ApiDependencies) {
  return createOpenApiApp()
    .openapi(listJobs, async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query');
      const { owner } = c.var.visitor;
      const page = await ports.feed.find({ ...given(filter), owner }, limit, cursor ?? null);
      return c.json({ jobs: page.jobs.map(viewOf), cursor: page.cursor }, 200);
    })
    .openapi(getJob, async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      return c.json(viewOf(job), 200);
    })
    .openapi(retry, async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      const retried = await audited(
        ports,
        actingAdmin(c.var.visitor, job),
        deedOn(job, 'retry_job'),
        async () => {
          const outcome = await retryJob(job.id, ports);
          if (outcome.kind === 'refused') throw refusedRetry(outcome.why);
          if (outcome.job.deletedAt) {
            throw new ProblemError(
              'not_retryable',
              'The job was run again before, and that run was deleted.',
            );
          }
          return outcome;
        },
      );
      c.header('Location', c.req.path.replace(job.id, retried.job.id).replace(/\/retry$/, ''));
      return c.json(viewOf(retried.job), 201);
    })
    .openapi(cancel, async (c) => {
      const job = await visibleJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      const cancelled = await audited(
        ports,
        actingAdmin(c.var.visitor, job),
        deedOn(job, 'cancel_job'),
        async () => {
          const outcome = await cancelJob(job.id, ports);
          if (outcome.kind === 'cancelled') return outcome;
          if (outcome.why === 'unknown') throw noSuchJob();
          throw new ProblemError('already_ended', 'The job has ended already.');
        },
      );
      return c.json(viewOf(cancelled.job), 200);
    })
    .openapi(remove, async (c) => {
      const job = await ownJob(c.req.valid('param').id, c.var.visitor, ports.jobs);
      await audited(ports, actingAdmin(c.var.visitor, job), deedOn(job, 'delete_job'), () =>
        deleteJob(job.id, ports),
      );
      liveDashboard.readAgain();
      return c.body(null, 204);
    });
}

/** Whose job it is, and of what, since neither can be looked up once it is deleted. */
export function deedOn({ id, owner, source }: Job, action: AdminAction): AdminDeed {
  const detail = `${objectAddress(source)} of ${owner ?? 'nobody'}`;
  return { action, subject: id, detail };
}

/** The filters that the query names. */
function given(filter: { [Key in keyof JobFilter]: JobFilter[Key] | undefined }): JobFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

function refusedRetry(why: Extract<Retried, { kind: 'refused' }>['why']): ProblemError {
  switch (why) {
    case 'unknown':
    case 'deleted':
      return noSuchJob();
    case 'not_ended':
      return new ProblemError('not_ended', 'The job is still at work.');
    case 'succeeded':
      return new ProblemError('already_succeeded', 'The job succeeded: its result is there.');
    case 'not_runnable':
      return new ProblemError('not_retryable', 'Upload the file again with a valid operation and options.');
    default:
      return why satisfies never;
  }
}
