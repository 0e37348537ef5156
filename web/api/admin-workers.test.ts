import { expect, test } from 'vitest';
import { z } from 'zod';
import { type WorkerView, workerViewSchema } from './admin-schema.ts';
import { problemSchema } from './schema.ts';
import { type Browser, createAdmin, createBrowser, createTestApi } from './test-client.ts';
import { heartbeat } from './test-jobs.ts';

const workersSchema = z.object({ workers: z.array(workerViewSchema) });

async function createSite() {
  const site = createTestApi();
  const admin = await createAdmin(site);
  await site.ports.fleet.beat(heartbeat('vm-1', site.clock.now()));
  return { ...site, admin };
}

async function listed(admin: Browser): Promise<WorkerView[]> {
  return workersSchema.parse(await (await admin.request('/api/v1/admin/workers')).json()).workers;
}

test('workers show their age and what is wanted of them', async () => {
  const { admin, ports, clock } = await createSite();
  await ports.fleet.beat(heartbeat('vm-2', clock.now()));
  clock.advance(4_000);
  await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  clock.advance(1_000);
  const drained = await admin.post('/api/v1/admin/workers/vm-2/drain', { drain: true });
  expect(workerViewSchema.parse(await drained.json())).toMatchObject({ id: 'vm-2', drain: true });
  expect(await ports.fleet.control('vm-2')).toEqual({ drain: true, pause: null });
  const seen = (await listed(admin)).map(({ id, ageMs, drain }) => [id, ageMs, drain]);
  expect(seen).toEqual([
    ['vm-1', 1_000, false],
    ['vm-2', 5_000, true],
  ]);
  await admin.post('/api/v1/admin/workers/vm-2/drain', { drain: false });
  expect(await ports.fleet.control('vm-2')).toEqual({ drain: false, pause: null });
});

test('a worker that has paused itself says why, until a person resumes it', async () => {
  const { admin, ports, clock } = await createSite();
  const pause = { why: 'Its last 3 attempts failed.', since: clock.now() };
  await ports.fleet.changeControl('vm-1', { drain: false, pause });
  await admin.post('/api/v1/admin/workers/vm-1/drain', { drain: true });
  expect(await listed(admin)).toMatchObject([{ id: 'vm-1', drain: true, pause }]);
  const resumed = await admin.post('/api/v1/admin/workers/vm-1/resume');
  expect(workerViewSchema.parse(await resumed.json())).toMatchObject({ drain: true, pause: null });
  expect(await ports.fleet.control('vm-1')).toEqual({ drain: true, pause: null });
});

test('only a worker that is there can be drained or resumed, and drained only by saying so', async () => {
  const { admin } = await createSite();
  for (const action of ['drain', 'resume']) {
    const unknown = await admin.post(`/api/v1/admin/workers/vm-9/${action}`, { drain: true });
    expect([unknown.status, problemSchema.parse(await unknown.json()).code]).toEqual([404, 'not_found']);
  }
  for (const body of [{}, { drain: 'yes' }, { drain: true, stop: true }]) {
    expect((await admin.post('/api/v1/admin/workers/vm-1/drain', body)).status).toBe(400);
  }
});

test('an instance of Cloud Run cannot be drained', async () => {
  const { admin, ports, clock } = await createSite();
  await ports.fleet.beat({ ...heartbeat('run-1', clock.now()), kind: 'run' });
  const refused = await admin.post('/api/v1/admin/workers/run-1/drain', { drain: true });
  expect([refused.status, problemSchema.parse(await refused.json()).code]).toEqual([409, 'not_drainable']);
});

test('no other site and no visitor drains or resumes a worker', async () => {
  const site = await createSite();
  const control = { drain: false, pause: { why: 'Ill.', since: site.clock.now() } };
  await site.ports.fleet.changeControl('vm-1', control);
  for (const action of ['drain', 'resume']) {
    const path = `/api/v1/admin/workers/vm-1/${action}`;
    const body = { drain: true };
    expect((await site.admin.post(path, body, { origin: 'https://evil.test' })).status).toBe(403);
    expect((await createBrowser(site).post(path, body)).status).toBe(401);
  }
  expect(await site.ports.fleet.control('vm-1')).toEqual(control);
});
