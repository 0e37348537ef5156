import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { expect, test, vi } from 'vitest';
import { eventSchemas, overviewSchema } from './schema.ts';
import { createAdmin, createTestApi, upload } from './test-client.ts';
import { readEvents, until } from './test-events.ts';
import { fail, heartbeat, succeed } from './test-jobs.ts';

async function createSite() {
  const site = createTestApi();
  const admin = await createAdmin(site);
  return { ...site, site, admin };
}

test('the overview counts open jobs and splits the newest', async () => {
  const { site, admin, ports, clock } = await createSite();
  await upload(site, 'a');
  const failing = await upload(site, 'b');
  const slow = await upload(site, 'c');
  clock.advance(1_000);
  await fail(failing, ports);
  clock.advance(3_000);
  await succeed(slow, Buffer.from('x'), site);
  const overview = overviewSchema.parse(await (await admin.request('/api/v1/admin/overview')).json());
  const { byTarget, byReason, ...recent } = overview.recent;
  expect(recent).toEqual({
    jobs: 3,
    byState: { queued: 1, failed: 1, succeeded: 1 },
    p50Ms: 1_000,
    p95Ms: 4_000,
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
  expect(overview.alerts[1]?.message).toMatch(/It failed\..* 20 s/);
  expect(overview.run).toEqual({
    enabled: true,
    breaker: { state: 'paused', until, why: 'It failed.' },
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
    const schema = eventSchemas[event.event as keyof typeof eventSchemas];
    expect(schema.safeParse(event.data).error).toBeUndefined();
    if (event.event === 'job') expect(event.data.id).toBe(job.id);
    clock.advance(1_000);
  }
  await stream.leave();
  expect([site.streams.open, site.liveJobs.watches, clock.timerCount]).toEqual([0, 0, 0]);
});

test('events read fleet and counts at most once a second, for all admins together', async () => {
  const { site, admin, ports, clock, memory } = await createSite();
  const read = vi.spyOn(memory.fleet, 'read');
  const count = vi.spyOn(memory.feed, 'countOpen');
  const streams = [
    readEvents(await admin.request('/api/v1/admin/events')),
    readEvents(await admin.request('/api/v1/admin/events')),
  ];
  for (const stream of streams) await stream.until('workers');
  clock.advance(1_000);
  for (const stream of streams) await stream.until('overview');
  // What the second page asked for by coming is read with the next turn; after that nothing is due.
  await until(() => read.mock.calls.length >= 2);
  const before = [read.mock.calls.length, count.mock.calls.length];

  for (let index = 0; index < 50; index++) await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  for (let index = 0; index < 5; index++) await upload(site, 'a');
  const routed = [read.mock.calls.length, count.mock.calls.length];
  clock.advance(1_000);
  const told = await Promise.all(streams.map((stream) => stream.until('overview')));

  // Each of the five uploads was routed, which reads the fleet too.
  expect(routed).toEqual([(before[0] ?? 0) + 5, before[1]]);
  expect([read.mock.calls.length, count.mock.calls.length]).toEqual([
    (routed[0] ?? 0) + 1,
    (routed[1] ?? 0) + 1,
  ]);
  for (const events of told) {
    expect(events.filter(({ event }) => event === 'workers').at(-1)?.data).toMatchObject({
      workers: [{ id: 'vm-1', ageMs: 1_000 }],
    });
  }
  for (const stream of streams) await stream.leave();
});

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
    const { workers } = eventSchemas.workers.parse((await stream.until('workers')).at(-1)?.data);
    ages.push(...workers.map(({ ageMs }) => ageMs));
  }
  await stream.leave();
});

test('an alert comes within five seconds, though no job and no heartbeat tells of it', async () => {
  const { admin, ports, clock } = await createSite();
  await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  const first = (await stream.until('overview')).at(-1);
  expect(eventSchemas.overview.parse(first?.data).alerts).toEqual([]);
  const before = await ports.routerStates.read();
  await ports.routerStates.replace(before, { ...before, spentLastHour: 1 });
  const run = { mostDollarsPerHour: 1 };
  await ports.settings.changeRouting(routingSettingsSchema.parse({ run }), 'somebody');
  for (let turn = 0; turn < 5; turn++) {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const next = (await stream.until('overview')).at(-1);
  expect(eventSchemas.overview.parse(next?.data).alerts).toMatchObject([{ code: 'run_over_budget' }]);
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

test('when the watch of the fleet fails, the streams end and the next one works', async () => {
  let breakWatch = () => {};
  const site = createTestApi((ports) => ({
    ...ports,
    fleet: {
      ...ports.fleet,
      watch(onChange, onError) {
        breakWatch = () => onError(new Error('gone'));
        return ports.fleet.watch(onChange, onError);
      },
    },
  }));
  const admin = await createAdmin(site);
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  await stream.until('overview');
  breakWatch();
  for (let event = await stream.next(); event; ) event = await stream.next();
  expect([site.streams.open, site.liveJobs.watches, site.clock.timerCount]).toEqual([0, 0, 0]);
  const again = readEvents(await admin.request('/api/v1/admin/events'));
  await again.until('overview');
  await again.leave();
});
