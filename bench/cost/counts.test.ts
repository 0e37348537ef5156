import type { MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { sweepOnce } from '@spillway/pipeline/sweep.ts';
import { workbench } from '@spillway/pipeline/testing/workbench.ts';
import { expect, test } from 'vitest';
import { metricBytes, ofEachSweep } from './counts.ts';

test('a sweep that finds nothing asks as often as is billed', async () => {
  const bench = await workbench();
  const { ports, calls } = counted(bench.ports);
  await sweepOnce('vm-1', ports);
  calls.length = 0;
  bench.clock.advance(2_000);
  await sweepOnce('vm-1', ports);
  const heartbeats = 'fleet.read';
  expect(calls.filter((name) => name === heartbeats)).toHaveLength(1);
  // Getting the lease is a read and a write (pipeline/gcp/leases.ts).
  expect(calls).toContain('leases.acquire');
  expect(calls).toContain('fleetSummaries.replace');
  const kept = 'settings.routing';
  const read = calls.filter((name, index) => name !== kept || index === calls.indexOf(kept));
  expect(read.filter((name) => name !== heartbeats)).toHaveLength(ofEachSweep.reads);
});

test('metrics of the system are written for every label, and those of a process for what is in use', () => {
  const { system, process } = metricBytes();
  // At least the ages, numbers and states of both targets; and two histograms for each of three operations.
  expect(system).toBeGreaterThan(8 * 10);
  expect(process).toBeGreaterThan(80 * 6);
});

/** The ports that ask a database, with the names of all calls. */
function counted(ports: MemoryPorts): { ports: MemoryPorts; calls: string[] } {
  const calls: string[] = [];
  const databases = [
    'jobs',
    'backlog',
    'sums',
    'feed',
    'fleet',
    'fleetSummaries',
    'settings',
    'routerStates',
    'leases',
    'passedOver',
  ];
  const entries = Object.entries(ports).map(([name, port]) => {
    if (!databases.includes(name)) return [name, port];
    const watched = new Proxy(port as object, {
      get(target, key, receiver) {
        const value: unknown = Reflect.get(target, key, receiver);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          calls.push(`${name}.${String(key)}`);
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    return [name, watched];
  });
  return { ports: Object.fromEntries(entries) as MemoryPorts, calls };
}
