import { createRoute, z } from '@hono/zod-openapi';
import { answersInTime } from '@spillway/pipeline/health.ts';
import { json } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { healthSchema } from './schema.ts';

/** Milliseconds in which the database has to answer. */
const patience = 2_000;

const health = createRoute({
  method: 'get',
  path: '/api/health',
  operationId: 'getHealth',
  tags: ['health'],
  summary: 'Tell whether the site is up',
  request: {
    query: z.object({ deep: z.string().optional().describe('Present: asks the database too.') }),
  },
  responses: {
    200: json(healthSchema, 'It is up.'),
    503: json(healthSchema, 'The database does not answer.'),
  },
});

/** Milliseconds for which one answer of the database serves everybody: anybody may ask, and each question costs. */
const answerServesMs = 1_000;

/** `GET /api/health`. Without `deep` it touches nothing, so that a probe cannot be failed by another service. */
export function healthRoutes({ ports, version }: ApiDependencies) {
  let latest: { asked: number; answers: Promise<boolean> } | null = null;

  function databaseIsUp(): Promise<boolean> {
    const now = ports.clock.now().getTime();
    if (!latest || now - latest.asked >= answerServesMs) {
      latest = { asked: now, answers: answersInTime(async () => ports.jobs.get('health'), patience) };
    }
    return latest.answers;
  }

  return createOpenApiApp().openapi(health, async (c) => {
    c.header('Cache-Control', 'no-store');
    const deep = c.req.valid('query').deep !== undefined;
    if (deep && !(await databaseIsUp())) {
      return c.json({ status: 'unavailable' as const, version }, 503);
    }
    return c.json({ status: 'ok' as const, version }, 200);
  });
}
