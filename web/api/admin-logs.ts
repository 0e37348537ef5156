import { createRoute } from '@hono/zod-openapi';
import type { Job } from '@spillway/core/job.ts';
import { parseTrace } from '@spillway/core/trace.ts';
import { findLogEntries } from '../logs/log-files.ts';
import type { LogSource } from '../logs/log-source.ts';
import { type JobLogs, jobLogsSchema } from './admin-schema.ts';
import { adminProblems, adminSecurity, jobIdParameter, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { anyOwner, visibleJob } from './job-access.ts';
import { createOpenApiApp } from './openapi-app.ts';

const getJobLogs = createRoute({
  method: 'get',
  path: '/jobs/{id}/logs',
  operationId: 'getJobLogs',
  tags: ['admin'],
  security: adminSecurity,
  summary: "Read what programs logged of a job, by its id and its upload's trace",
  description: 'The lines, where the programs log into files that the site can read; else where they are.',
  request: { params: jobIdParameter },
  responses: {
    200: json(jobLogsSchema.meta({ id: 'JobLogs' }), 'The lines, or where they are.'),
    ...problemAnswers('invalid_request', ...adminProblems, 'not_found'),
  },
});

export function adminLogRoutes({ ports, logs }: Pick<ApiDependencies, 'ports' | 'logs'>) {
  return createOpenApiApp().openapi(getJobLogs, async (c) => {
    const job = await visibleJob(c.req.valid('param').id, anyOwner, ports.jobs);
    return c.json(await readLogs(job, logs), 200);
  });
}

async function readLogs(job: Job, source: LogSource): Promise<JobLogs> {
  const traceId = parseTrace(job.trace)?.traceId ?? null;
  switch (source.kind) {
    case 'unknown':
      return { kind: 'unknown' };
    case 'cloud':
      return { kind: 'cloud', url: cloudLogsUrl(source.project, job, traceId) };
    case 'file': {
      const ids = traceId === null ? [job.id] : [job.id, traceId];
      return { kind: 'file', ...(await findLogEntries(source.folder, ids)) };
    }
    default:
      return source satisfies never;
  }
}

/** Lines before the upload and after the end belong to it too: the upload's session, the announcement. Milliseconds. */
const aroundMs = 600_000;

/**
 * The Logs Explorer with the lines of one job.
 * @see https://cloud.google.com/logging/docs/view/logging-query-language
 */
function cloudLogsUrl(project: string, job: Job, traceId: string | null): string {
  const trace = traceId === null ? [] : [`trace="projects/${project}/traces/${traceId}"`];
  const from = new Date(job.source.timeCreated.getTime() - aroundMs).toISOString();
  const to = job.endedAt && new Date(job.endedAt.getTime() + aroundMs).toISOString();
  const query = [
    [...trace, `jsonPayload.jobId="${job.id}"`].join(' OR '),
    `timestamp>="${from}"`,
    ...(to ? [`timestamp<="${to}"`] : []),
  ].join('\n');
  return `https://console.cloud.google.com/logs/query;query=${encodeURIComponent(query)}?project=${encodeURIComponent(project)}`;
}
