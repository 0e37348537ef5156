import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { createPrewarming } from '@spillway/pipeline/prewarming.ts';
import { cloudRunSchema } from '@spillway/web/api/admin-schema.ts';
import { expect, inject, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { adminTokenOf } from './admin-token.ts';
import { emptyPortsOf } from './stack-ports.ts';

const stack = inject('stack');
const { service } = stack.cloudRun;
const instancesSchema = z.array(z.object({ state: z.string() }));

async function readyInstances(): Promise<number> {
  const response = await fetch(new URL('/instances', stack.called.worker));
  const instances = instancesSchema.parse(await response.json());
  return instances.filter(({ state }) => state === 'ready').length;
}

async function shown() {
  const headers = { authorization: `Bearer ${adminTokenOf(stack.adminUrl)}` };
  const response = await fetch(`${stack.web}/api/v1/admin/cloud-run`, { headers });
  return cloudRunSchema.parse(await response.json()).service;
}

it('a forecast of arrivals starts instances of the local Cloud Run, which the dashboard shows', async () => {
  // A database of its own, before the stack's Cloud Run.
  const ports = await emptyPortsOf(stack);
  onTestFinished(async () => void (await ports.runService?.setMinimumInstances(0)));
  const settings = routingSettingsSchema.parse({
    forecast: { prewarming: true, minInstances: { least: 0, most: 2 } },
  });
  await ports.settings.changeRouting(settings, 'ann');
  for (let index = 0; index < 6; index++) {
    await ports.jobs.create(sampleJob({ id: `prewarm-${index}`, workMs: 60_000 }));
  }
  // In a minute, when this one can be counted.
  const clock = { now: () => new Date(Date.now() + 66_000) };
  await createPrewarming('test', { ...ports, clock }).look();
  expect(await ports.forecasts.read()).toMatchObject({ set: 2, problem: null });
  await expect.poll(readyInstances).toBeGreaterThanOrEqual(2);
  await expect.poll(shown).toMatchObject({
    kind: 'read',
    description: { name: service, scaling: { minInstances: 2 }, revisions: [{ traffic: 100 }] },
  });
});
