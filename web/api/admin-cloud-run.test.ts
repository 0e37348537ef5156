import type { RunService } from '@spillway/pipeline/ports/run-service.ts';
import { expect, it } from 'vitest';
import { cloudRunSchema } from './admin-schema.ts';
import { createAdmin, createBrowser, createTestApi, type TestApi } from './test-client.ts';

const address = '/api/v1/admin/cloud-run';

async function read(test: TestApi) {
  const admin = await createAdmin(test);
  const response = await admin.request(address);
  expect(response.status).toBe(200);
  return cloudRunSchema.parse(await response.json());
}

it('shows revisions, limits and scaling, and that prewarming is off', async () => {
  const { service, prewarming } = await read(createTestApi());
  expect(service).toMatchObject({
    kind: 'read',
    description: {
      scaling: { minInstances: 0 },
      revisions: [{ traffic: 100, limits: { vcpus: 2, concurrency: 1 }, maxInstances: 20 }],
    },
  });
  expect(prewarming).toMatchObject({ on: false, set: null, why: 'Prewarming is switched off.' });
});

it('shows what prewarming has set, and why', async () => {
  const test = createTestApi();
  const { forecasts, settings } = test.memory;
  const routing = await settings.routing();
  await settings.changeRouting({ ...routing, forecast: { ...routing.forecast, prewarming: true } }, 'ann');
  const before = await forecasts.read();
  const wanted = [{ minute: 1, count: 3 }];
  await forecasts.replace(before, {
    ...before,
    set: 3,
    wanted,
    reason: 'forecast',
    expected: { sketch: [2] },
  });
  const { prewarming, forecast } = await read(test);
  expect(prewarming).toMatchObject({
    ...{ on: true, set: 3, wanted: 3 },
    why: 'What is to arrive within three minutes needs 3 instances beside the VMs.',
  });
  expect(forecast.expected).toEqual({ sketch: [2] });
});

it('asks Cloud Run once in some seconds, however many look', async () => {
  let asked = 0;
  const test = createTestApi((ports) => {
    const counting: RunService = {
      ...ports.runService,
      describe() {
        asked++;
        return ports.runService.describe();
      },
    };
    return { ...ports, runService: counting };
  });
  const admin = await createAdmin(test);
  await Promise.all([admin.request(address), admin.request(address), admin.request(address)]);
  expect(asked).toBe(1);
  test.clock.advance(5_000);
  await admin.request(address);
  expect(asked).toBe(2);
});

it('says in a sentence that it may not look, or does not know where', async () => {
  const denied = createTestApi();
  denied.memory.runService.mood = 'denies';
  expect((await read(denied)).service).toMatchObject({
    kind: 'not_shown',
    why: expect.stringContaining('permission denied'),
  });
  const unnamed = createTestApi((ports) => ({ ...ports, runService: null }));
  expect((await read(unnamed)).service).toEqual({ kind: 'not_named' });
});

it('says where pictures are sent', async () => {
  const reach = { kind: 'pictures', url: 'https://worker.example' } as const;
  const test = createTestApi((ports) => ({ ...ports, runService: null, runReach: reach }));
  expect(await read(test)).toMatchObject({ reach, service: { kind: 'not_named' } });
});

it('is for admins alone', async () => {
  expect((await createBrowser(createTestApi()).request(address)).status).toBe(401);
});
