import { overviewSchema } from '@spillway/web/api/admin-schema.ts';
import { beforeAll, expect, it } from 'vitest';
import { adminTokenOf } from '../admin-token.ts';
import { drawnJpeg } from '../pictures.ts';
import { ownStack } from './own-stack.ts';

const files = 14;
// Work that takes its time: more than one VM can do within the objective of 6 s.
const own = ownStack({ vms: 1, slots: 1, runMax: 0, environment: { SPILLWAY_SLEEP_MS: '1500' } });
// The router expects three instances, and the local Cloud Run refuses every push with 429.
beforeAll(() => own().client.documents.merge('settings/routing', { run: { maxInstances: 3 } }));

async function alerts(): Promise<string[]> {
  const { stack } = own();
  const token = adminTokenOf(stack.adminUrl);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${stack.web}/api/v1/admin/overview`, { headers });
  return overviewSchema.parse(await response.json()).alerts.map(({ code }) => code);
}

it('a Cloud Run that refuses everything is paused, its work comes back to the VM, and the admin is told', async () => {
  const { drop, allJobs } = own().client;
  const picture = await drawnJpeg(1, 600, 400);
  let sent = 0;
  // The router keeps the settings of before for some seconds, so it takes a few more than enough.
  const sentToRun = async () => {
    await Promise.all([1, 2].map(() => drop(`remove-background/picture-${sent++}.jpg`, picture)));
    return sent >= files && (await allJobs()).some(({ route }) => route.target === 'run');
  };
  await expect.poll(sentToRun, { timeout: 90_000, interval: 500 }).toBe(true);
  await expect.poll(alerts, { timeout: 90_000, interval: 500 }).toContain('run_paused');
  const succeeded = async () => (await allJobs()).filter(({ state }) => state === 'succeeded').length;
  await expect.poll(succeeded, { timeout: 120_000, interval: 500 }).toBe(sent);
  const all = await allJobs();
  expect(new Set(all.map(({ claim }) => claim?.worker))).toEqual(new Set(['vm-1']));
  expect(all.some(({ route }) => route.movedFrom === 'run')).toBe(true);
}, 360_000);
