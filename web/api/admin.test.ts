import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { startRollupFlush } from '@spillway/pipeline/rollups/flush.ts';
import { createRollupLeader } from '@spillway/pipeline/rollups/leader.ts';
import { tellEnd } from '@spillway/pipeline/telemetry/facts.ts';
import { expect, test, vi } from 'vitest';
import { adminEventSchemas, overviewSchema } from './admin-schema.ts';
import { createAdmin, createTestApi, upload } from './test-client.ts';
import { readEvents, until } from './test-events.ts';
import { fail, heartbeat, succeed } from './test-jobs.ts';

async function createSite() {
  const site = createTestApi();
  const admin = await createAdmin(site);
  return { ...site, site, admin };
}

test('the overview counts open jobs, and what the rollups say of the last minutes', async () => {
  const { site, admin, ports, clock } = await createSite();
  await upload(site, 'a');
  const failing = await upload(site, 'b');
  const slow = await upload(site, 'c');
  clock.advance(1_000);
  await fail(failing, ports);
  clock.advance(3_000);
  await succeed(slow, Buffer.from('x'), site);
  for (const job of [failing, slow]) {
    const ended = await ports.jobs.get(job.id);
    if (ended) tellEnd(ended.job, ports);
  }
  await startRollupFlush('test', site.memory, null).stop();
  await createRollupLeader(ports).run();
  const overview = overviewSchema.parse(await (await admin.request('/api/v1/admin/overview')).json());
  const { byTarget, byReason, ...recent } = overview.recent;
  expect(recent).toEqual({
    jobs: 2,
    byState: { failed: 1, succeeded: 1, superseded: 0, cancelled: 0 },
    p50Ms: expect.closeTo(4, 0),
    p95Ms: expect.closeTo(4, 0),
  });
  expect(overview.verdict).toEqual({
    kind: 'healthy',
    sentence:
      'Working: 0 of 1 interactive in time, 1 of 2 jobs failed (for what was sent) in the last 15 minutes; 0 VMs are ready.',
  });
  expect(byTarget.vm + byTarget.run).toBe(3);
  expect(Object.values(byReason).reduce((sum, count) => sum + count, 0)).toBe(3);
  expect(overview.open.vm.queued + overview.open.run.queued).toBe(1);
  expect(overview.policy).toBe('deadline');
});

test('the overview brings the alerts, what Cloud Run has cost, and who changed the settings', async () => {
  const site = createTestApi((ports) => ({
    ...ports,
    fleet: { ...ports.fleet, read: async () => ({ ...(await ports.fleet.read()), ignored: 2 }) },
    settings: {
      ...ports.settings,
      readRouting: async () => ({ ...(await ports.settings.readRouting()), problem: 'run: is a word' }),
    },
  }));
  const { ports, clock } = site;
  const admin = await createAdmin(site);
  const run = { mostDollarsPerHour: 2 };
  await ports.settings.changeRouting(routingSettingsSchema.parse({ run }), 'somebody');
  const until = new Date(clock.now().getTime() + 20_000);
  const breaker = {
    state: 'paused',
    since: clock.now(),
    until,
    trips: 1,
    probe: null,
    operation: null,
    why: 'It failed.',
  } as const;
  const before = await ports.routerStates.read();
  await ports.routerStates.replace(before, { ...before, breaker, spentLastHour: 2.5 });
  await ports.fleet.beat({ ...heartbeat('vm-1', clock.now()), state: 'paused' });

  const overview = overviewSchema.parse(await (await admin.request('/api/v1/admin/overview')).json());
  expect(overview.alerts.map(({ code }) => code)).toEqual([
    'nothing_takes_work',
    'run_paused',
    'run_over_budget',
    'vm_paused',
    'settings_invalid',
    'heartbeats_ignored',
  ]);
  expect(overview.verdict).toMatchObject({ kind: 'wrong', where: 'workers', since: null, others: 5 });
  expect(overview.alerts[1]?.message).toMatch(/It failed\..* 20 s/);
  expect(overview.run).toEqual({
    enabled: true,
    breaker: { state: 'paused', since: clock.now(), until, trips: 1, why: 'It failed.' },
    pause: null,
    spentLastHour: 2.5,
    mostDollarsPerHour: 2,
  });
  expect(overview.settingsChange).toEqual({ updatedBy: 'somebody', updatedAt: clock.now() });
});

test("events bring everybody's jobs, the workers and the overview", async () => {
  const { site, admin, ports, clock } = await createSite();
  const job = await upload(site, 'a');
  await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  const seen = new Set<string>();
  while (!['job', 'present', 'workers', 'overview'].every((name) => seen.has(name))) {
    const event = await stream.next();
    if (!event) throw new Error('The stream ended.');
    seen.add(event.event);
    const schema = adminEventSchemas[event.event as keyof typeof adminEventSchemas];
    expect(schema.safeParse(event.data).error).toBeUndefined();
    if (event.event === 'job') expect(event.data.id).toBe(job.id);
    clock.advance(1_000);
  }
  await stream.leave();
  expect([site.streams.open, site.liveJobs.watches, clock.timerCount]).toEqual([0, 0, 0]);
});

test('events read fleet and counts once for all admins, however often workers beat', async () => {
  const { admin, ports, clock, memory } = await createSite();
  const read = vi.spyOn(memory.fleet, 'read');
  const count = vi.spyOn(memory.feed, 'countOpen');
  const events = () => admin.request('/api/v1/admin/events?topics=workers,overview');
  const streams = [readEvents(await events()), readEvents(await events())];
  for (const stream of streams) await stream.until('overview');
  for (let index = 0; index < 50; index++) await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  await until(() => read.mock.calls.length >= 1);
  const before = [read.mock.calls.length, count.mock.calls.length];
  for (let turn = 0; turn < 10; turn++) {
    clock.advance(1_000);
    await settle();
  }
  const told = await Promise.all(streams.map((stream) => stream.until('overview')));
  // The fleet every two turns or, because the second page has asked for it by coming, once more.
  expect(read.mock.calls.length - (before[0] ?? 0)).toBeLessThanOrEqual(6);
  expect(count.mock.calls.length - (before[1] ?? 0)).toBe(1);
  for (const events of told) {
    expect(events.filter(({ event }) => event === 'workers').at(-1)?.data).toMatchObject({
      workers: [{ id: 'vm-1' }],
    });
  }
  for (const stream of streams) await stream.leave();
});

/** Lets the turn's reading end: everything in memory answers within some rounds of the event loop. */
async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve));
}

test('a fleet that has gone silent is seen to age', async () => {
  const { admin, ports, clock } = await createSite();
  await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  await stream.until('overview');
  const ages: number[] = [];
  while (!ages.some((age) => age >= 5_000)) {
    for (let turn = 0; turn < 5; turn++) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { workers } = adminEventSchemas.workers.parse((await stream.until('workers')).at(-1)?.data);
    ages.push(...workers.map(({ ageMs }) => ageMs));
  }
  await stream.leave();
});

test('an alert comes within ten seconds, though no job and no heartbeat tells of it', async () => {
  const { admin, ports, clock } = await createSite();
  await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  const first = (await stream.until('overview')).at(-1);
  expect(adminEventSchemas.overview.parse(first?.data).alerts).toEqual([]);
  const before = await ports.routerStates.read();
  await ports.routerStates.replace(before, { ...before, spentLastHour: 1 });
  const run = { mostDollarsPerHour: 1 };
  await ports.settings.changeRouting(routingSettingsSchema.parse({ run }), 'somebody');
  for (let turn = 0; turn < 10; turn++) {
    clock.advance(1_000);
    await ports.fleet.beat(heartbeat('vm-1', clock.now()));
    await settle();
  }
  const next = (await stream.until('overview')).at(-1);
  expect(adminEventSchemas.overview.parse(next?.data).alerts).toMatchObject([{ code: 'run_over_budget' }]);
  await stream.leave();
});

test('a drain is seen at once, though no heartbeat tells of it', async () => {
  const { admin, ports, clock } = await createSite();
  await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  await stream.until('overview');
  await admin.post('/api/v1/admin/workers/vm-1/drain', { drain: true });
  clock.advance(1_000);
  const last = (await stream.until('overview')).findLast(({ event }) => event === 'workers');
  expect(last?.data).toMatchObject({ workers: [{ id: 'vm-1', drain: true }] });
  await stream.leave();
});

test('when a reading fails, the streams end and the next one works', async () => {
  let isGone = false;
  const site = createTestApi((ports) => ({
    ...ports,
    fleet: {
      ...ports.fleet,
      async read() {
        if (isGone) throw new Error('gone');
        return ports.fleet.read();
      },
    },
  }));
  const admin = await createAdmin(site);
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  await stream.until('overview');
  isGone = true;
  for (let turn = 0; turn < 3; turn++) {
    site.clock.advance(1_000);
    await settle();
  }
  for (let event = await stream.next(); event; ) event = await stream.next();
  expect([site.streams.open, site.liveJobs.watches, site.clock.timerCount]).toEqual([0, 0, 0]);
  isGone = false;
  const again = readEvents(await admin.request('/api/v1/admin/events'));
  await again.until('overview');
  await again.leave();
});
