import { OutageError } from '@spillway/core/errors.ts';
import { arrivalsForecaster } from '@spillway/core/forecast/arrivals-forecaster.ts';
import { minuteOf } from '@spillway/core/forecast/forecaster.ts';
import { operationNames } from '@spillway/core/operations.ts';
import { type RoutingSettings, routingSettingsSchema } from '@spillway/core/settings.ts';
import { expect, it } from 'vitest';
import type { MemoryPorts } from './memory/ports.ts';
import type { Ports } from './ports/ports.ts';
import { createPrewarming } from './prewarming.ts';
import { createGaugeReports } from './report-gauges.ts';
import { createSweeper } from './sweep-loop.ts';
import { workbench } from './testing/workbench.ts';

const minute = 60_000;

/** Settings under which each job that arrives in a minute needs about an instance. */
function settings(forecast: object = {}): RoutingSettings {
  return routingSettingsSchema.parse({
    forecast: { prewarming: true, minInstances: { least: 1, most: 8 }, ...forecast },
  });
}

/** A pipeline in memory, whose jobs keep a slot busy for a minute, and which has no VM. */
async function world(routing = settings()) {
  const warnings: string[] = [];
  const bench = await workbench({
    routing,
    log: { info() {}, warn: (_, message) => warnings.push(message), error() {} },
  });
  const { clock } = bench;
  // Just after the start of a minute.
  clock.advance(minute - (clock.now().getTime() % minute));
  await bench.beats({ state: 'stopped' });
  const counted: string[] = [];
  const { sums } = bench.ports;
  const ports: MemoryPorts = {
    ...bench.ports,
    sums: {
      ...sums,
      arrivedOf(operation, from, to) {
        counted.push(`${operation} ${from.toISOString()}`);
        const { jobs } = sums.arrivedOf(operation, from, to) as { jobs: number };
        return { jobs, workMs: jobs * minute };
      },
    },
  };
  return {
    bench,
    ports,
    warnings,
    counted,
    /** So many pictures arrive at once. */
    async arrive(count: number) {
      for (let index = 0; index < count; index++)
        await bench.drop(`sketch/${clock.now().getTime()}-${index}.jpg`);
    },
    async nextMinute(prewarming: { look(): unknown }) {
      clock.advance(minute);
      await prewarming.look();
      return (await ports.runService.describe()).scaling.minInstances;
    },
  };
}

/** Counted by a program whose clock was a day ahead. */
function futureState(now: number): string {
  const seen = { minute: minuteOf(new Date(now)) + 1_440, byOperation: {} };
  return JSON.stringify(arrivalsForecaster.observe(arrivalsForecaster.initial, seen));
}

/** Looks once, so that the looks that follow are at the right time of their minutes. */
async function begun(ports: Ports, bench: Awaited<ReturnType<typeof workbench>>, holder = 'one') {
  const prewarming = createPrewarming(holder, ports);
  bench.clock.advance(6_000);
  await prewarming.look();
  return prewarming;
}

it('starts instances for what is to arrive, and gives them up when nothing comes any more', async () => {
  const { bench, ports, arrive, nextMinute, warnings } = await world();
  const prewarming = await begun(ports, bench);
  expect(ports.runService.changes).toEqual([1]);
  const minimums: number[] = [];
  for (let index = 0; index < 5; index++) {
    await arrive(3);
    minimums.push(await nextMinute(prewarming));
  }
  for (let index = 1; index < minimums.length; index++) {
    expect(minimums[index]).toBeGreaterThanOrEqual(minimums[index - 1] ?? 0);
  }
  expect(minimums.at(-1)).toBeGreaterThan(3);
  for (let index = 0; index < 60; index++) minimums.push(await nextMinute(prewarming));
  // A job may come at any time, and each keeps an instance busy for a minute.
  expect(minimums.at(-1)).toBeLessThan(3);
  expect(Math.max(...minimums)).toBeLessThanOrEqual(8);
  expect(warnings).toEqual([]);
});

it('explains each change', async () => {
  const { bench, ports, arrive, nextMinute } = await world();
  const prewarming = await begun(ports, bench);
  await arrive(50);
  await nextMinute(prewarming);
  const { changes, set, reason } = await ports.forecasts.read();
  expect({ set, reason }).toEqual({ set: 8, reason: 'forecast' });
  expect(await ports.routerStates.read()).toMatchObject({ minInstances: 8 });
  expect(changes).toEqual([
    {
      at: bench.clock.now(),
      from: 1,
      to: 8,
      why: 'What is to arrive needs the most that is allowed, 8 instances.',
    },
    expect.objectContaining({ from: 0, to: 1 }),
  ]);
});

it('reads one sum for each operation and minute, and after a pause no more than a quarter of an hour', async () => {
  const { bench, ports, nextMinute, counted, arrive } = await world();
  const prewarming = await begun(ports, bench);
  expect(counted).toHaveLength(15 * operationNames.length);
  counted.length = 0;
  await arrive(20);
  await nextMinute(prewarming);
  expect(counted).toHaveLength(operationNames.length);
  // A second look within the minute, and another program's, read nothing.
  await prewarming.look();
  await createPrewarming('two', ports).look();
  expect(counted).toHaveLength(operationNames.length);
  counted.length = 0;
  bench.clock.advance(600 * minute);
  await prewarming.look();
  expect(counted).toHaveLength(15 * operationNames.length);
  expect(new Set(counted).size).toBe(counted.length);
});

it('switched off, it reads and changes nothing', async () => {
  const { bench, ports, nextMinute, counted, arrive } = await world(routingSettingsSchema.parse({}));
  let reads = 0;
  const forecasts = {
    ...ports.forecasts,
    read() {
      reads++;
      return ports.forecasts.read();
    },
  };
  const prewarming = await begun({ ...ports, forecasts }, bench);
  await arrive(20);
  for (let index = 0; index < 5; index++) await nextMinute(prewarming);
  expect({ counted, changes: ports.runService.changes }).toEqual({ counted: [], changes: [] });
  // Whether there is something of an earlier time to give back.
  expect(reads).toBe(1);
});

it('switched off, it gives back what it has set, once', async () => {
  const { bench, ports, nextMinute, arrive } = await world();
  const prewarming = await begun(ports, bench);
  await arrive(50);
  expect(await nextMinute(prewarming)).toBe(8);
  await ports.settings.changeRouting(settings({ prewarming: false }), 'ann');
  expect(await nextMinute(prewarming)).toBe(1);
  expect(await ports.forecasts.read()).toMatchObject({ set: null, reason: 'off', expected: null });
  expect(await ports.routerStates.read()).toMatchObject({ minInstances: 1 });
  // From then on it is an admin's affair.
  await ports.runService.setMinimumInstances(3);
  expect(await nextMinute(prewarming)).toBe(3);
});

it('puts back what somebody else has changed, Terraform for one', async () => {
  const { bench, ports, nextMinute, arrive } = await world();
  const prewarming = await begun(ports, bench);
  await arrive(50);
  await nextMinute(prewarming);
  await ports.runService.setMinimumInstances(0);
  expect(await nextMinute(prewarming)).toBe(8);
});

it('of several programs, one counts and changes', async () => {
  const { bench, ports, nextMinute, arrive } = await world();
  const programs = await Promise.all(['one', 'two'].map((holder) => begun(ports, bench, holder)));
  for (let index = 0; index < 6; index++) {
    await arrive(index % 2 === 0 ? 10 : 0);
    bench.clock.advance(minute);
    await Promise.all(programs.map((program) => program.look()));
  }
  const { changes } = await ports.forecasts.read();
  const times = changes.map(({ at }) => at.getTime());
  expect(new Set(times).size).toBe(times.length);
  for (const [index, time] of times.slice(1).entries()) {
    expect((times[index] ?? 0) - time).toBeGreaterThanOrEqual(minute);
  }
  expect(await nextMinute(programs[0] ?? expect.fail())).toBe(8);
});

it('a failure is one warning and keeps no sweep back, and the next minute goes on', async () => {
  const { bench, ports, nextMinute, arrive, warnings } = await world();
  const prewarming = await begun(ports, bench);
  ports.runService.mood = 'denies';
  await arrive(50);
  bench.clock.advance(minute);
  await prewarming.look();
  bench.clock.advance(minute);
  await prewarming.look();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('permission denied');
  expect(await ports.forecasts.read()).toMatchObject({ set: 1, problem: expect.stringContaining('denied') });
  ports.runService.mood = 'answers';
  expect(await nextMinute(prewarming)).toBe(8);
  expect(await ports.forecasts.read()).toMatchObject({ set: 8, problem: null });
  expect(warnings).toHaveLength(1);
  ports.runService.mood = 'denies';
  await createSweeper('three', ports).sweep();
});

it('a database that is away is one warning, too', async () => {
  const { bench, ports, warnings } = await world();
  const forecasts = {
    ...ports.forecasts,
    read() {
      throw new OutageError('Firestore did not answer.');
    },
  };
  const prewarming = await begun({ ...ports, forecasts }, bench);
  bench.clock.advance(minute);
  await prewarming.look();
  expect(warnings).toEqual(['Cloud Run is not prewarmed as it should be. Firestore did not answer.']);
});

it('a program that is not told the service says so', async () => {
  const { bench, ports, warnings } = await world();
  await begun({ ...ports, runService: null }, bench);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('SPILLWAY_RUN_SERVICE');
});

it('a program that is not told the service leaves it to those that are, and looks when they are gone', async () => {
  const { bench, ports, nextMinute, arrive, warnings } = await world();
  const told = await begun(ports, bench);
  const untold = createPrewarming('two', { ...ports, runService: null });
  await arrive(50);
  bench.clock.advance(minute);
  await untold.look();
  await told.look();
  expect(await ports.forecasts.read()).toMatchObject({ set: 8, problem: null });
  expect(warnings).toEqual([]);
  for (let index = 0; index < 5; index++) await nextMinute(untold);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('SPILLWAY_RUN_SERVICE');
});

it('a Cloud Run that does not answer holds up no look of another program, and no sweep', async () => {
  const { bench, ports } = await world();
  const never = { ...ports.runService, setMinimumInstances: () => new Promise<never>(() => {}) };
  const stuck = createPrewarming('one', { ...ports, runService: never });
  bench.clock.advance(6_000);
  void stuck.look();
  await expect.poll(async () => (await ports.forecasts.read()).revision).toBe(1);
  bench.clock.advance(minute);
  void stuck.look();
  await createPrewarming('two', ports).look();
  expect(ports.runService.changes).toEqual([1]);
});

it.each([
  ['an earlier version’s', () => '{"model":"older","version":0}'],
  ['no JSON', () => '{'],
  ['of a clock that was far ahead', (now: number) => futureState(now)],
])('what was learned and cannot be used, %s, is learned again', async (_, learned) => {
  const { bench, ports, nextMinute, arrive } = await world();
  const before = await ports.forecasts.read();
  const forecaster = learned(bench.clock.now().getTime());
  await ports.forecasts.replace(before, { ...before, forecaster });
  const prewarming = await begun(ports, bench);
  await arrive(50);
  expect(await nextMinute(prewarming)).toBe(8);
});

it('the pool of VMs follows what is to arrive where the settings say so', async () => {
  const { bench, ports, nextMinute, arrive } = await world(settings({ prewarming: false, vmPool: true }));
  const prewarming = await begun(ports, bench);
  const reports = createGaugeReports('one', ports);
  const offered = async () => {
    await reports.report();
    return ports.metrics.latest('spillway.offered_work') ?? Number.NaN;
  };
  for (let index = 0; index < 10; index++) {
    await arrive(4);
    await nextMinute(prewarming);
  }
  // Each minute brings four minutes of work.
  expect(await offered()).toBeGreaterThan(3);
  expect(ports.runService.changes).toEqual([]);
  // Without a forecast it follows what has arrived.
  bench.clock.advance(4 * minute);
  expect(await offered()).toBeLessThan(1);
});
