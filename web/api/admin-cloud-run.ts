import { createRoute } from '@hono/zod-openapi';
import { messageOf } from '@spillway/core/errors.ts';
import { prewarmingWords } from '@spillway/core/forecast/prewarming.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { type CloudRunView, cloudRunSchema } from './schema.ts';

/** How long an answer is kept, for all admins together. Milliseconds. */
const freshMs = 5_000;

const getCloudRun = createRoute({
  method: 'get',
  path: '/cloud-run',
  operationId: 'getCloudRun',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Read how Cloud Run is configured, and what is kept started there',
  description:
    'Revisions with their share of the requests and their limits, the minimum and the maximum of instances, and what prewarming wants, has set, and why. It may be some seconds old.',
  responses: {
    200: json(cloudRunSchema, 'As it was some seconds ago.'),
    ...problemAnswers(...adminProblems),
  },
});

/** `GET /cloud-run`. */
export function adminCloudRunRoutes({ ports }: Pick<ApiDependencies, 'ports'>) {
  const recent = keptFor(freshMs, ports.clock, () => readCloudRun(ports));
  return createOpenApiApp().openapi(getCloudRun, async (c) => c.json(await recent(), 200));
}

type CloudRunPorts = Pick<Ports, 'runService' | 'runReach' | 'settings' | 'forecasts'>;

async function readCloudRun(ports: CloudRunPorts): Promise<CloudRunView> {
  const [service, settings, document] = await Promise.all([
    readService(ports),
    ports.settings.routing(),
    ports.forecasts.read(),
  ]);
  const { set, changedAt, changes, problem, expected, at } = document;
  const { prewarming: on, minInstances: bounds } = settings.forecast;
  const wanted = document.wanted.at(-1)?.count ?? null;
  const reason = on ? document.reason : 'off';
  const begins = on && reason === 'off';
  return {
    reach: ports.runReach,
    service,
    prewarming: {
      ...{ on, bounds, set, reason, changedAt, changes, problem, wanted },
      why: begins
        ? 'Prewarming begins within a minute.'
        : prewarmingWords({ reason, count: set ?? wanted ?? 0, wanted: wanted ?? 0 }, settings),
    },
    forecast: { at, expected },
  };
}

async function readService({ runService }: CloudRunPorts): Promise<CloudRunView['service']> {
  if (runService === null) return { kind: 'not_named' };
  try {
    return { kind: 'read', description: await runService.describe() };
  } catch (error) {
    return { kind: 'not_shown', why: messageOf(error) };
  }
}

/** The same answer for some time. Requests that come during a reading wait for it. */
function keptFor<Value>(ms: number, clock: Ports['clock'], read: () => Promise<Value>): () => Promise<Value> {
  let kept: { value: Promise<Value>; at: number } | null = null;
  return () => {
    const now = clock.now().getTime();
    if (kept && now - kept.at < ms) return kept.value;
    const value = read();
    kept = { value, at: now };
    // A failure is not kept.
    value.catch(() => {
      kept = null;
    });
    return value;
  };
}
