import { fleetIn } from '@spillway/core/routing/fleet-summary.ts';
import { overTime } from '@spillway/core/steps.ts';
import { describe, expect, it } from 'vitest';
import { recentReadings } from './recent-readings.ts';
import { summariseFleet } from './summarise-fleet.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

/** A router that counts what it reads. */
async function router() {
  const bench = await workbench();
  const reads = { heartbeats: 0, summaries: 0, states: 0 };
  const { ports } = bench;
  const counted = <Port extends { read(): unknown }>(port: Port, name: keyof typeof reads): Port => ({
    ...port,
    read() {
      reads[name]++;
      return port.read();
    },
  });
  const recent = recentReadings({
    ...ports,
    fleet: counted(ports.fleet, 'heartbeats'),
    fleetSummaries: counted(ports.fleetSummaries, 'summaries'),
    routerStates: counted(ports.routerStates, 'states'),
  });
  return { bench, reads, recent };
}

async function summarise({ ports }: Workbench): Promise<void> {
  await overTime(summariseFleet(await ports.fleet.read(), ports));
}

describe('what decisions go by', () => {
  it('is read once a second, however many ask, at the same time or one after another', async () => {
    const { bench, reads, recent } = await router();
    await summarise(bench);
    await Promise.all([recent.workers(), recent.workers(), recent.routerState(), recent.routerState()]);
    bench.clock.advance(999);
    await Promise.all([recent.workers(), recent.routerState()]);
    expect(reads).toEqual({ heartbeats: 0, summaries: 1, states: 1 });
    bench.clock.advance(1);
    await Promise.all([recent.workers(), recent.routerState()]);
    expect(reads).toEqual({ heartbeats: 0, summaries: 2, states: 2 });
  });

  it('grows older between two reads', async () => {
    const { bench, recent } = await router();
    await summarise(bench);
    expect((await recent.workers()).map(({ ageMs }) => ageMs)).toEqual([0]);
    bench.clock.advance(800);
    expect((await recent.workers()).map(({ ageMs }) => ageMs)).toEqual([800]);
  });

  it('is every heartbeat, once a second, where no leader writes the summary', async () => {
    const { bench, reads, recent } = await router();
    await Promise.all([recent.workers(), recent.workers()]);
    expect(reads).toMatchObject({ heartbeats: 1, summaries: 1 });
    await summarise(bench);
    bench.clock.advance(5_001);
    await bench.beats({ id: 'vm-2' });
    expect(await recent.workers()).toHaveLength(2);
    expect(reads).toMatchObject({ heartbeats: 2, summaries: 2 });
  });

  it('is every heartbeat where a VM seems to fall silent only because the summary is old', async () => {
    const { bench, reads, recent } = await router();
    await bench.beats({ id: 'vm-2' });
    bench.clock.advance(2_000);
    await bench.beats();
    await summarise(bench);
    bench.clock.advance(3_600);
    // It has missed one beat, and the summary does not know the next one.
    await bench.beats({ id: 'vm-2' });
    expect((await recent.workers()).map(({ id, ageMs }) => [id, ageMs])).toContainEqual(['vm-2', 0]);
    expect(reads.heartbeats).toBe(1);
  });

  it('is the summary where a VM is known to be gone', async () => {
    const { bench, reads, recent } = await router();
    bench.clock.advance(7_000);
    await bench.beats({ id: 'vm-2' });
    await summarise(bench);
    expect((await recent.workers()).map(({ ageMs }) => ageMs).sort()).toEqual([0, 7_000]);
    expect(reads.heartbeats).toBe(0);
  });

  it('is every heartbeat where the summary cannot be read', async () => {
    const { bench, reads, recent } = await router();
    const before = await bench.ports.fleetSummaries.read();
    await bench.ports.fleetSummaries.replace(before, { ...before, readAt: bench.clock.now(), members: '{' });
    expect(await recent.workers()).toHaveLength(1);
    expect(reads.heartbeats).toBe(1);
  });

  it('is asked for again after a failure', async () => {
    const { bench } = await router();
    let fails = true;
    const routerStates: typeof bench.ports.routerStates = {
      ...bench.ports.routerStates,
      read: async () => {
        if (fails) throw new Error('No answer.');
        return bench.ports.routerStates.read();
      },
    };
    const recent = recentReadings({ ...bench.ports, routerStates });
    await expect(recent.routerState()).rejects.toThrow('No answer.');
    fails = false;
    expect(await recent.routerState()).toMatchObject({ revision: 0 });
  });
});

describe('the summary of the fleet', () => {
  it('is not written over with an earlier reading, whoever writes last', async () => {
    const bench = await workbench();
    const early = await bench.ports.fleet.read();
    bench.clock.advance(1_000);
    await bench.beats({ id: 'vm-2' });
    await summarise(bench);
    await overTime(summariseFleet(early, bench.ports));
    expect(fleetIn(await bench.ports.fleetSummaries.read())?.workers).toHaveLength(2);
  });

  it('is written after all where another leader wrote an earlier one in between', async () => {
    const bench = await workbench();
    const { fleetSummaries } = bench.ports;
    const early = await bench.ports.fleet.read();
    bench.clock.advance(1_000);
    await bench.beats({ id: 'vm-2' });
    let isFirst = true;
    const overlapping: typeof fleetSummaries = {
      ...fleetSummaries,
      async replace(previous, next) {
        if (isFirst) await overTime(summariseFleet(early, bench.ports));
        isFirst = false;
        return fleetSummaries.replace(previous, next);
      },
    };
    await overTime(summariseFleet(await bench.ports.fleet.read(), { fleetSummaries: overlapping }));
    expect(fleetIn(await fleetSummaries.read())?.workers).toHaveLength(2);
  });
});
