import { createRoute, z } from '@hono/zod-openapi';
import { type WhatIfLine, whatIfRequestSchema } from '@spillway/core/what-if.ts';
import { refuseContradictions, refuseUnknownFields } from './admin-settings.ts';
import { adminBodyProblems, adminSecurity, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { eventStreamHeaders } from './event-stream.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { createWhatIfRuns, type WhatIfRun } from './what-if-runs.ts';

const tryOtherSettings = createRoute({
  method: 'post',
  path: '/what-if',
  operationId: 'tryOtherSettings',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Play the last hour or day with other settings',
  description:
    'Arrivals and service times that were recorded, through the code that routes and works in production, in simulated time: misses, dollars and split beside those of the settings in force, and beside what really was. Nothing is changed. At most 2,000 jobs are read and played; of a time with more, a sample. The answer is a stream of events with its progress, and last the result. Whoever closes the connection ends the run. An instance does one at a time.',
  request: { body: { required: true, content: { 'application/json': { schema: whatIfRequestSchema } } } },
  responses: {
    200: {
      description: 'Server-sent events without names, the last a result or a failure.',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...problemAnswers(...adminBodyProblems, 'what_if_running'),
  },
});

/** `POST /what-if`. */
export function adminWhatIfRoutes({ ports }: Pick<ApiDependencies, 'ports'>) {
  const runs = createWhatIfRuns(ports);
  return createOpenApiApp().openapi(tryOtherSettings, async (c) => {
    const request = c.req.valid('json');
    refuseUnknownFields(await c.req.json(), request);
    refuseContradictions(request.routing);
    return c.body(eventsOf(runs.begin(request), ports), 200, eventStreamHeaders);
  });
}

/** Between two words of progress, at least this time. Milliseconds. */
const tellEveryMs = 100;

function eventsOf(run: WhatIfRun, { log }: ApiDependencies['ports']): ReadableStream<Uint8Array> {
  const left = new AbortController();
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      let toldAt = Number.NEGATIVE_INFINITY;
      const tell = (line: WhatIfLine) => {
        if (left.signal.aborted) return;
        const now = performance.now();
        if (line.kind === 'progress' && now - toldAt < tellEveryMs) return;
        toldAt = now;
        controller.enqueue(encoder.encode(`data: ${JSON.stringify(line)}\n\n`));
      };
      run
        .lines(left.signal, tell)
        .catch((error: unknown) => {
          log.error({ error }, 'A simulation of other settings could not be done.');
          tell({ kind: 'failed', why: 'What was recorded could not be read. Try again.' });
        })
        .finally(() => {
          if (!left.signal.aborted) controller.close();
        });
    },
    cancel: () => left.abort(),
  });
}
