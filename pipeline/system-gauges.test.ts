import { noon } from '@spillway/core/testing/sample-job.ts';
import { expect, it } from 'vitest';
import type { MemoryPorts } from './memory/ports.ts';
import { readSystemGauges } from './system-gauges.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

const counted = [
  'feed',
  'backlog',
  'sums',
  'fleet',
  'settings',
  'routerStates',
  'passedOver',
  'forecasts',
  'jobs',
] as const;

/** The same ports, with a note of each call and of the documents that it gave. */
function watched(ports: MemoryPorts) {
  const calls: string[] = [];
  let documents = 0;
  const watch = <Name extends (typeof counted)[number]>(name: Name): MemoryPorts[Name] =>
    new Proxy(ports[name], {
      get(target, method) {
        const original: unknown = Reflect.get(target, method);
        if (typeof original !== 'function') return original;
        return async (...args: unknown[]) => {
          calls.push(`${name}.${String(method)}`);
          const answer: unknown = await original.apply(target, args);
          documents += Array.isArray(answer) ? answer.length : 1;
          return answer;
        };
      },
    });
  const watching = { ...ports, ...Object.fromEntries(counted.map((name) => [name, watch(name)])) };
  return { ports: watching as MemoryPorts, calls, documents: () => documents };
}

async function valuesOf(bench: Workbench): Promise<Record<string, number>> {
  const gauges = await readSystemGauges(bench.ports);
  return Object.fromEntries(
    gauges.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(' '), value]),
  );
}

it('tells what waits, since when, and what takes work', async () => {
  const bench = await workbench();
  await bench.drop('sketch/a.jpg');
  bench.clock.advance(4_000);
  await bench.beats();
  await bench.drop('sketch/b.jpg');
  expect(await valuesOf(bench)).toMatchObject({
    'spillway.queue.oldest_age vm': 4,
    'spillway.queue.oldest_age run': 0,
    'spillway.queue.jobs vm queued': 2,
    'spillway.queue.jobs vm processing': 0,
    'spillway.queue.jobs run queued': 0,
    'spillway.targets.open vm': 1,
    'spillway.targets.open run': 1,
    'spillway.breaker.open vm': 0,
    'spillway.breaker.open run': 0,
    'spillway.workers vm ready': 1,
    'spillway.passed_over': 0,
    'spillway.spend.last_hour': 0,
  });
});

it('tells of breakers that hold work back', async () => {
  const bench = await workbench();
  await bench.beats({ state: 'paused' });
  const state = await bench.ports.routerStates.read();
  const until = new Date(noon.getTime() + 60_000);
  const breaker = { ...state.breaker, state: 'paused' as const, since: noon, until };
  await bench.ports.routerStates.replace(state, { ...state, breaker, spentLastHour: 1.5 });
  expect(await valuesOf(bench)).toMatchObject({
    'spillway.targets.open vm': 0,
    'spillway.targets.open run': 0,
    'spillway.breaker.open vm': 1,
    'spillway.breaker.open run': 1,
    'spillway.workers vm paused': 1,
    'spillway.spend.last_hour': 1.5,
  });
});

it('tells what is forecast, where it is fresh', async () => {
  const bench = await workbench();
  const before = await bench.ports.forecasts.read();
  const expected = { sketch: Array.from({ length: 15 }, (_, index) => index + 1) };
  await bench.ports.forecasts.replace(before, { ...before, at: noon, expected, set: 3 });
  expect(await valuesOf(bench)).toMatchObject({
    'spillway.forecast.arrivals sketch 1': 1,
    'spillway.forecast.arrivals sketch 5': 5,
    'spillway.forecast.arrivals sketch 15': 15,
    'spillway.run.minimum_instances': 3,
  });
  bench.clock.advance(600_000);
  expect(Object.keys(await valuesOf(bench))).not.toContain('spillway.forecast.arrivals sketch 1');
});

it('reads as much of a thousand jobs as of one', async () => {
  const readings: { calls: string[]; documents: number }[] = [];
  for (const jobs of [1, 1_000]) {
    const bench = await workbench();
    for (let made = 0; made < jobs; made++) await bench.drop(`sketch/${made}.jpg`);
    for (let noted = 0; noted < 100; noted++) {
      await bench.ports.passedOver.note({ task: 'sweep', item: `job ${noted}`, why: 'It is broken.' });
    }
    const { ports, calls, documents } = watched(bench.ports);
    await readSystemGauges(ports);
    readings.push({ calls: calls.toSorted(), documents: documents() });
  }
  const [few, many] = readings;
  expect(many).toEqual(few);
  // Two jobs, 20 notes, one heartbeat's reading, one document each of settings, router and forecast, and sums.
  expect(many?.documents).toBeLessThanOrEqual(40);
});
