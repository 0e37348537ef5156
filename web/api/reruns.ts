import { createRoute } from '@hono/zod-openapi';
import { mostJobsOfSource, type Rerun, rerunJob } from '@spillway/pipeline/rerun.ts';
import { actingAdmin, audited } from './audit.ts';
import { JobDocument, json, openTo, problemAnswers, visitorProblems } from './describe.ts';
import { type ApiDependencies, limited } from './environment.ts';
import { noSuchJob, viewOf, visibleJob } from './job-access.ts';
import { deedOn } from './jobs.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';
import { rerunRequestSchema } from './schema.ts';

function rerunRoute() {
  return createRoute({
    method: 'post',
    path: '/jobs',
    operationId: 'rerunJob',
    tags: ['jobs'],
    middleware: limited('changes', 'change'),
    security: openTo('change'),
    summary: 'Do something else with a picture that is there, without an upload',
    description:
      'Makes a job on the source of the job `from`, in the same batch. Where the same operation with the same options is under way or has succeeded, the answer is that job.',
    request: { body: { required: true, content: { 'application/json': { schema: rerunRequestSchema() } } } },
    responses: {
      200: json(JobDocument, 'The job that is there already.'),
      201: json(JobDocument, 'The new job.'),
      ...problemAnswers(
        'invalid_request',
        'invalid_json',
        'cross_site',
        'not_found',
        'not_retryable',
        'too_many_runs',
        'body_too_large',
        'unsupported_media_type',
        'invalid_options',
        ...visitorProblems,
      ),
    },
  });
}

/** `POST /jobs`. */
export function rerunRoutes({ ports }: ApiDependencies) {
  return createOpenApiApp().openapi(rerunRoute(), async (c) => {
    const { from: id, operation, options } = c.req.valid('json');
    const from = await visibleJob(id, c.var.visitor, ports.jobs);
    const rerun = await audited(
      ports,
      actingAdmin(c.var.visitor, from),
      deedOn(from, 'rerun_job'),
      async () => {
        const outcome = await rerunJob(from, { operation, options }, 'single', ports);
        if (outcome.kind === 'refused') throw refusedRerun(outcome);
        return outcome;
      },
    );
    c.header('Location', `${c.req.path}/${rerun.job.id}`);
    return c.json(viewOf(rerun.job), rerun.kind === 'started' ? 201 : 200);
  });
}

export function refusedRerun(refused: Extract<Rerun, { kind: 'refused' }>): ProblemError {
  switch (refused.why) {
    case 'deleted':
      return noSuchJob();
    case 'invalid_options':
      return new ProblemError('invalid_options', refused.message);
    case 'not_runnable':
      return new ProblemError('not_retryable', 'Upload the file again under another name.');
    case 'too_many_jobs': {
      const detail = `The picture was worked on ${mostJobsOfSource} times. Upload it again to go on.`;
      return new ProblemError('too_many_runs', detail);
    }
    default:
      return refused satisfies never;
  }
}
