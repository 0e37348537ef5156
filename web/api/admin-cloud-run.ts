import { createRoute } from '@hono/zod-openapi';
import { messageOf } from '@spillway/core/errors.ts';
import { prewarmingWords } from '@spillway/core/forecast/prewarming.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import { overTime } from '@spillway/core/steps.ts';
import { openBreaker } from '@spillway/pipeline/open-breaker.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { type CloudRunView, cloudRunSchema } from './admin-schema.ts';
import { audited } from './audit.ts';
import { adminBodyProblems, adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { pauseRequestSchema, runPauseSchema } from './routing-schema.ts';

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

const pauseCloudRun = createRoute({
  method: 'post',
  path: '/cloud-run/pause',
  operationId: 'pauseCloudRun',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Send nothing more to Cloud Run for a while',
  description:
    'What waits there is moved to the VMs, and what is worked on there is ended. Routers go by it within five seconds. It is a change of the settings, with its place in their history.',
  request: { body: { required: true, content: { 'application/json': { schema: pauseRequestSchema } } } },
  responses: {
    200: json(runPauseSchema, 'The pause.'),
    ...problemAnswers(...adminBodyProblems),
  },
});

const resumeCloudRun = createRoute({
  method: 'post',
  path: '/cloud-run/resume',
  operationId: 'resumeCloudRun',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Let Cloud Run take work again',
  description:
    'Ends the pause of an admin, and that of the breaker: what was wrong is mended. If it is not, the breaker pauses it again.',
  responses: {
    200: json(runPauseSchema, 'Nothing keeps work away from it.'),
    ...problemAnswers(...adminProblems, 'cross_site'),
  },
});

/** `/cloud-run`: what is there, and a pause by hand. */
export function adminCloudRunRoutes({ ports, liveDashboard }: CloudRunDependencies) {
  const recent = keptFor(freshMs, ports.clock, () => readCloudRun(ports));

  async function changePause(pause: RoutingSettings['run']['pause'], by: string) {
    const { settings } = await ports.settings.readRouting();
    const changed = { ...settings, run: { ...settings.run, pause } };
    const reading = await ports.settings.changeRouting(changed, by);
    return { pause: reading.settings.run.pause };
  }

  return createOpenApiApp()
    .openapi(getCloudRun, async (c) => c.json(await recent(), 200))
    .openapi(pauseCloudRun, async (c) => {
      const { why, forSeconds } = c.req.valid('json');
      const now = ports.clock.now().getTime();
      const until = forSeconds === null ? null : new Date(now + 1_000 * forSeconds).toISOString();
      const detail = until === null ? why : `until ${until}: ${why}`;
      const deed = { action: 'pause_run', subject: 'Cloud Run', detail } as const;
      const paused = await audited(ports, c.var.admin, deed, () => changePause({ why, until }, c.var.admin));
      ports.recorder.mark({ kind: 'pause', text: `Cloud Run was paused: ${why}`, by: c.var.admin });
      liveDashboard.readAgain();
      return c.json(paused, 200);
    })
    .openapi(resumeCloudRun, async (c) => {
      const deed = { action: 'resume_run', subject: 'Cloud Run' } as const;
      const resumed = await audited(ports, c.var.admin, deed, async () => {
        await overTime(openBreaker(ports));
        return changePause(null, c.var.admin);
      });
      ports.recorder.mark({ kind: 'pause', text: 'Cloud Run was let work again.', by: c.var.admin });
      liveDashboard.readAgain();
      return c.json(resumed, 200);
    });
}

type CloudRunDependencies = Pick<ApiDependencies, 'ports' | 'liveDashboard'>;

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
