import { createRoute } from '@hono/zod-openapi';
import type { Job } from '@spillway/core/job.ts';
import { parseTrace } from '@spillway/core/trace.ts';
import { runsOf, spansOfJob } from '../traces/job-spans.ts';
import { findSpans } from '../traces/trace-files.ts';
import type { TraceSource } from '../traces/trace-source.ts';
import { type JobTrace, jobTraceSchema } from './admin-schema.ts';
import { adminProblems, adminSecurity, jobIdParameter, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { anyOwner, visibleJob } from './job-access.ts';
import { createOpenApiApp } from './openapi-app.ts';

const getJobTrace = createRoute({
  method: 'get',
  path: '/jobs/{id}/trace',
  operationId: 'getJobTrace',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read what was recorded of a job, step by step',
  description:
    'The spans of the job and of its retries, where `SPILLWAY_TRACES` is `file`; else where they are. They are not of the upload’s other jobs.',
  request: { params: jobIdParameter },
  responses: {
    200: json(jobTraceSchema.meta({ id: 'JobTrace' }), 'The trace.'),
    ...problemAnswers('invalid_request', ...adminProblems, 'not_found'),
  },
});

/** Most spans of an answer. */
const mostSpans = 1_000;

export function adminTraceRoutes({ ports, traces }: Pick<ApiDependencies, 'ports' | 'traces'>) {
  return createOpenApiApp().openapi(getJobTrace, async (c) => {
    const job = await visibleJob(c.req.valid('param').id, anyOwner, ports.jobs);
    const recording = await readRecording(job, traces);
    return c.json({ traceId: parseTrace(job.trace)?.traceId ?? null, recording }, 200);
  });
}

async function readRecording(job: Job, source: TraceSource): Promise<JobTrace['recording']> {
  const trace = parseTrace(job.trace);
  switch (source.kind) {
    case 'off':
    case 'otlp':
      return { kind: source.kind };
    case 'cloud':
      return { kind: 'cloud', url: trace && cloudTraceUrl(source.project, trace.traceId) };
    case 'file': {
      if (trace === null) return { kind: 'file', spans: [], notes: [] };
      const { spans, notes } = await findSpans(source.folder, trace.traceId);
      const ofJob = spansOfJob(spans, runsOf(job), job.source.timeCreated.getTime());
      if (ofJob.length > mostSpans)
        notes.push(`Only the first ${mostSpans} of ${ofJob.length} spans are here.`);
      if (!trace.sampled) {
        notes.push('This trace was not chosen to be recorded (SPILLWAY_TRACES_SAMPLED, or its sender).');
      }
      return { kind: 'file', spans: ofJob.slice(0, mostSpans), notes };
    }
    default:
      return source satisfies never;
  }
}

/** Cloud Trace's page of one trace. */
function cloudTraceUrl(project: string, traceId: string): string {
  return `https://console.cloud.google.com/traces/explorer;traceId=${traceId}?project=${encodeURIComponent(project)}`;
}
