import { createRoute, z } from '@hono/zod-openapi';
import type { AdminAction } from '@spillway/core/audit.ts';
import type { Control } from '@spillway/core/heartbeat.ts';
import { storableText } from '@spillway/core/text.ts';
import { drainSchema, type WorkerView, workerViewSchema } from './admin-schema.ts';
import { audited } from './audit.ts';
import { adminProblems, adminSecurity, json, problemAnswers } from './describe.ts';
import type { ApiDependencies } from './environment.ts';
import { readFleet } from './fleet-view.ts';
import { createOpenApiApp } from './openapi-app.ts';
import { ProblemError } from './problems.ts';

const workersSchema = z.object({ workers: z.array(workerViewSchema.meta({ id: 'Worker' })) });
const params = z.object({ id: storableText().min(1).max(200) });

const listWorkers = createRoute({
  method: 'get',
  path: '/workers',
  operationId: 'listWorkers',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'List the workers with their last heartbeats',
  responses: { 200: json(workersSchema, 'The workers.'), ...problemAnswers(...adminProblems) },
});

const drainWorker = createRoute({
  method: 'post',
  path: '/workers/{id}/drain',
  operationId: 'drainWorker',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Let a worker take no more jobs, or take them again',
  description: 'It finishes what it has; its state is `drained` once it has nothing in progress.',
  request: { params, body: { required: true, content: { 'application/json': { schema: drainSchema } } } },
  responses: {
    200: json(workerViewSchema, 'The worker; it follows with its next heartbeats.'),
    ...problemAnswers(
      'invalid_request',
      'invalid_json',
      ...adminProblems,
      'cross_site',
      'not_found',
      'not_drainable',
      'body_too_large',
      'unsupported_media_type',
    ),
  },
});

const resumeWorker = createRoute({
  method: 'post',
  path: '/workers/{id}/resume',
  operationId: 'resumeWorker',
  tags: ['admin'],
  security: adminSecurity,
  summary: 'Let a worker that has paused itself take jobs again',
  description: 'Without this it does so by itself, as soon as a test picture goes well.',
  request: { params },
  responses: {
    200: json(workerViewSchema, 'The worker; it follows with its next heartbeats.'),
    ...problemAnswers('invalid_request', ...adminProblems, 'cross_site', 'not_found'),
  },
});

/** What charts say at the moment of it. */
const markWords = {
  drain_worker: (id: string) => `${id} is drained.`,
  end_drain: (id: string) => `${id} takes work again.`,
  resume_worker: (id: string) => `${id} is resumed.`,
} as const satisfies Partial<Record<AdminAction, (id: string) => string>>;

/** What an admin sees of the workers, and wants of them. */
export function adminWorkerRoutes({ ports, liveDashboard }: ApiDependencies) {
  const { fleet } = ports;

  async function findWorker(id: string): Promise<WorkerView> {
    const { views } = await readFleet(fleet);
    const worker = views.find((each) => each.id === id);
    if (!worker) throw new ProblemError('not_found', 'There is no such worker.');
    return worker;
  }

  async function change(
    worker: WorkerView,
    wanted: Partial<Control>,
    action: keyof typeof markWords,
    by: string,
  ): Promise<WorkerView> {
    const deed = { action, subject: worker.id };
    await audited(ports, by, deed, async () => fleet.changeControl(worker.id, wanted));
    ports.recorder.mark({
      kind: action === 'resume_worker' ? 'pause' : 'drain',
      text: markWords[action](worker.id),
      by,
    });
    liveDashboard.readAgain();
    return { ...worker, ...wanted };
  }

  return createOpenApiApp()
    .openapi(listWorkers, async (c) => c.json({ workers: (await readFleet(fleet)).views }, 200))
    .openapi(drainWorker, async (c) => {
      const worker = await findWorker(c.req.valid('param').id);
      if (worker.kind !== 'vm') {
        throw new ProblemError('not_drainable', 'Cloud Run starts and ends its instances itself.');
      }
      const { drain } = c.req.valid('json');
      const action = drain ? 'drain_worker' : 'end_drain';
      return c.json(await change(worker, { drain }, action, c.var.admin), 200);
    })
    .openapi(resumeWorker, async (c) => {
      const worker = await findWorker(c.req.valid('param').id);
      return c.json(await change(worker, { pause: null }, 'resume_worker', c.var.admin), 200);
    });
}
