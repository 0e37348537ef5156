import { setTimeout as delay } from 'node:timers/promises';
import { cloudRunSchema } from '@spillway/web/api/admin-schema.ts';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { adminTokenOf } from '../admin-token.ts';
import { ownStack } from './own-stack.ts';

// An instance without requests is ended after this time, unless it is to be kept.
const idleMs = 2_000;
process.env.SPILLWAY_RUN_IDLE_MS = String(idleMs);
afterAll(() => {
  delete process.env.SPILLWAY_RUN_IDLE_MS;
});
const own = ownStack({ vms: 1, slots: 1, runMax: 2, likeCloud: true });
const instancesSchema = z.array(z.object({ state: z.string() }));
/** Programs look once a minute. Only what hangs ends by this. Milliseconds. */
const patience = { timeout: 180_000, interval: 1_000 };

it('what an admin says to keep is kept, by the programs that sweep, and shown', async () => {
  const { stack } = own();
  const address = (path: string) => `${stack.web}/api/v1/admin/${path}`;
  const headers = {
    authorization: `Bearer ${adminTokenOf(stack.adminUrl)}`,
    'content-type': 'application/json',
  };
  const routing = {
    forecast: { prewarming: true, minInstances: { least: 1, most: 2 } },
    run: { maxInstances: 2 },
  };
  const saved = await fetch(address('settings'), {
    method: 'PUT',
    headers,
    body: JSON.stringify({ routing }),
  });
  expect(saved.status).toBe(200);

  const kept = async () => {
    const instances = await fetch(new URL('/instances', stack.called.worker));
    return instancesSchema.parse(await instances.json()).map(({ state }) => state);
  };
  await expect.poll(kept, patience).toEqual(['ready']);
  const shown = async () =>
    cloudRunSchema.parse(await (await fetch(address('cloud-run'), { headers })).json());
  await expect.poll(shown, patience).toMatchObject({
    service: { kind: 'read', description: { scaling: { minInstances: 1 } } },
    prewarming: { on: true, set: 1, problem: null, changes: [{ from: 0, to: 1 }] },
  });
  await delay(3 * idleMs);
  expect(await kept()).toEqual(['ready']);
});
