import type { Job } from '@spillway/core/job.ts';
import { overTime } from '@spillway/core/steps.ts';
import { readConditionsNow } from '@spillway/pipeline/conditions.ts';
import { startRollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import { createRollupLeader } from '@spillway/pipeline/rollups/leader.ts';
import { tellEnd } from '@spillway/pipeline/telemetry/facts.ts';
import { expect, test } from 'vitest';
import { alertLogSchema, choicesSchema, machinesSchema, metricsSchema } from './metrics-schema.ts';
import { createAdmin, createTestApi, upload } from './test-client.ts';
import { fail, heartbeat, succeed } from './test-jobs.ts';

async function createSite() {
  const site = createTestApi();
  const { memory, ports, clock } = site;
  const admin = await createAdmin(site);
  const leader = createRollupLeader(ports);
  const lead = async () => {
    await startRollupFlush('test', memory, null).stop();
    leader.observe(await overTime(readConditionsNow(ports)));
    await leader.run();
    clock.advance(60_000);
    await memory.fleet.beat(heartbeat('vm-1', clock.now()));
  };
  const end = async (job: Job) => {
    const ended = await ports.jobs.get(job.id);
    if (ended) tellEnd(ended.job, ports);
  };
  const read = async (path: string): Promise<unknown> => {
    const answer = await admin.request(`/api/v1/admin/${path}`);
    expect(answer.status, path).toBe(200);
    return answer.json();
  };
  await memory.fleet.beat(heartbeat('vm-1', clock.now()));
  return { ...site, admin, lead, end, read, site };
}

test('metrics are of all jobs, or of one operation, owner, source or worker', async () => {
  const { site, ports, lead, end, read } = await createSite();
  const jobs = [await upload(site, 'a'), await upload(site, 'b'), await upload(site, 'c')];
  const [first, second, third] = jobs;
  if (!first || !second || !third) throw new Error('They are not there.');
  await succeed(first, Buffer.from('x'), site);
  await succeed(second, Buffer.from('x'), site);
  await fail(third, ports);
  for (const job of jobs) await end(job);
  await lead();
  const all = metricsSchema.parse(await read('metrics?range=15m'));
  expect(all.stepMs).toBe(60_000);
  expect(all.points).toHaveLength(1);
  expect(all.sum.classes.interactive).toMatchObject({
    ended: 3,
    succeeded: 2,
    failed: 1,
    refused: 1,
    kept: 2,
  });
  expect(all.sum.classes.bulk.ended).toBe(0);
  expect(all.sum.codes).toEqual({ corrupt_image: 1 });
  expect(all.sum.decided.vm + all.sum.decided.run).toBe(3);
  expect(all.sum.dollars.allOnRun).toBeGreaterThan(0);
  expect(all.sum.dollars.vms).toBeGreaterThan(0);
  expect(all.points[0]?.system).toMatchObject({ vms: 1, slots: 2 });
  expect(all.relativeError).toBeLessThan(0.045);

  const choices = choicesSchema.parse(await read('metrics/choices'));
  expect(choices.operation).toEqual(['sketch']);
  for (const [name, value] of [
    ['operation', 'sketch'],
    ['owner', choices.owner[0]],
    ['source', choices.source[0]],
    ['worker', choices.worker[0]],
  ] as const) {
    const one = metricsSchema.parse(
      await read(`metrics?range=15m&${name}=${encodeURIComponent(value ?? '')}`),
    );
    expect(one.sum.classes.interactive.ended, name).toBeGreaterThan(0);
    expect(one.sum.dollars.vms, name).toEqual(name === 'operation' ? null : null);
  }
  const nothing = metricsSchema.parse(await read('metrics?range=15m&owner=nobody-else'));
  expect(nothing.sum.classes.interactive.ended).toBe(0);
});

test.each([
  ['metrics?range=1y', 'query.range'],
  ['metrics?range=3h&operation=sketch&owner=ann', 'query'],
  ['metrics?until=yesterday', 'query.until'],
  ['metrics?until=2020-01-01T00:00:00Z', 'query.until'],
  ['metrics?colour=red', 'query'],
  ['alerts?limit=3', 'query'],
  ['machines?owner=ann', 'query'],
  ['metrics/choices?range=3h', 'query'],
])('%s is refused with what is wrong with it', async (path, at) => {
  const { admin } = await createSite();
  const answer = await admin.request(`/api/v1/admin/${path}`);
  expect(answer.status).toBe(400);
  const problem = await answer.json();
  expect(problem).toMatchObject({ code: 'invalid_request' });
  expect(JSON.stringify(problem.errors)).toContain(`"${at}`);
});

test('alerts are logged from when they began to when they ended', async () => {
  const { site, lead, read, ports, clock } = await createSite();
  await lead();
  const began = clock.now();
  const before = await ports.routerStates.read();
  const breaker = {
    ...before.breaker,
    state: 'paused' as const,
    why: 'It failed.',
    until: new Date(clock.now().getTime() + 3_600_000),
  };
  await ports.routerStates.replace(before, { ...before, breaker });
  await lead();
  await lead();
  const during = alertLogSchema.parse(await read('alerts?range=3h'));
  expect(during.alerts).toMatchObject([{ code: 'run_paused', beganAt: began, endedAt: null }]);
  const overview = await read('overview');
  expect(overview).toMatchObject({
    verdict: { kind: 'wrong', where: 'cloud-run', since: began.toISOString() },
  });
  const now = await ports.routerStates.read();
  const ended = clock.now();
  await ports.routerStates.replace(now, { ...now, breaker: before.breaker });
  await lead();
  const after = alertLogSchema.parse(await read('alerts?range=24h'));
  expect(after.alerts).toMatchObject([{ code: 'run_paused', beganAt: began, endedAt: ended }]);
  expect(site.memory.metricsDocuments).toBeDefined();
});

test('machines have a history, and what admins change is marked in it', async () => {
  const { admin, lead, read } = await createSite();
  await lead();
  await admin.post('/api/v1/admin/workers/vm-1/drain', { drain: true });
  await lead();
  await lead();
  const { machines } = machinesSchema.parse(await read('machines?range=15m&worker=vm-1'));
  expect(machines).toMatchObject([{ id: 'vm-1', kind: 'vm' }]);
  expect(machines[0]?.points.length).toBeGreaterThanOrEqual(2);
  expect(machines[0]?.points[0]).toMatchObject({ cpu: 0.1, memory: 0.125, slots: 2 });
  expect(machinesSchema.parse(await read('machines?worker=none')).machines).toEqual([]);
  const { marks } = metricsSchema.parse(await read('metrics?range=15m'));
  expect(marks).toMatchObject([{ kind: 'drain', text: 'vm-1 is drained.' }]);
});
