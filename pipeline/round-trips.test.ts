import { describe, expect, it } from 'vitest';
import { handleMessage } from './handle-message.ts';
import { routeUpload } from './route.ts';
import { sweepOnce } from './sweep.ts';
import { countRoundTrips, type RoundTrip } from './testing/round-trips.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

/**
 * Each port's call takes one round trip to another machine, so the number of them in a row is what a distance costs. A
 * call that is added to one of these lists makes every job slower.
 */
const looks: RoundTrip = [
  'fleetSummaries.read',
  'routerStates.read',
  'settings.routing',
  'settings.sourceRules',
];

async function route(bench: Workbench): Promise<RoundTrip[]> {
  await sweepOnce('sweeper', bench.ports);
  const { ports, roundTrips } = countRoundTrips(bench.ports);
  const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
  await routeUpload(object, null, ports);
  return roundTrips;
}

async function work(bench: Workbench, worker: string, target: 'vm' | 'run'): Promise<RoundTrip[]> {
  const { ports, roundTrips } = countRoundTrips(bench.ports);
  const outcome = await handleMessage(bench.take(target), { ...bench.executor(worker), ports });
  expect(outcome.kind).toBe('succeeded');
  return roundTrips;
}

/** From the download on: result and receipt at once, outcome, and what follows it. */
const execution: RoundTrip[] = [
  ['blobs.download'],
  ['blobs.writeOnce', 'blobs.writeOnce'],
  ['jobs.replace'],
  ['queue.announce'],
  ['jobs.replace'],
];

describe('the round trips in a row of one job', () => {
  it('are five from its event to its message', async () => {
    expect(await route(await workbench())).toEqual([
      looks,
      ['jobs.create'],
      ['sums.ledgerInTurn'],
      ['jobs.replace'],
      ['queue.publish'],
    ]);
  });

  it('are five on a VM from its message to its outcome', async () => {
    const bench = await workbench();
    await route(bench);
    expect(await work(bench, 'vm-1', 'vm')).toEqual([['backlog.heads'], ['jobs.replace'], ...execution]);
  });

  it('are five on Cloud Run, too', async () => {
    const bench = await workbench();
    await bench.beats({ state: 'stopped' });
    await bench.beats({ id: 'run-1', kind: 'run' });
    await route(bench);
    expect(await work(bench, 'run-1', 'run')).toEqual([['jobs.get'], ['jobs.replace'], ...execution]);
  });

  it('are no more for an upload that asks for several operations', async () => {
    const bench = await workbench();
    await sweepOnce('sweeper', bench.ports);
    const { ports, roundTrips } = countRoundTrips(bench.ports);
    const metadata = { operation: 'sketch,caption,remove-background' };
    const object = bench.ports.blobs.upload('uploads', 'cat.jpg', Buffer.from('cat'), metadata);
    expect(await routeUpload(object, null, ports)).toHaveLength(3);
    expect(roundTrips.map((calls) => new Set(calls).size)).toEqual([4, 1, 1, 1, 1]);
  });
});

describe('the reads of a decision', () => {
  it('do not grow with the fleet: sixty workers are two documents, once a second', async () => {
    const bench = await workbench();
    for (let index = 0; index < 60; index++) await bench.beats({ id: `vm-${index}`, slots: 4 });
    await sweepOnce('sweeper', bench.ports);
    const { ports, roundTrips } = countRoundTrips(bench.ports);
    for (let file = 0; file < 5; file++) {
      const object = bench.ports.blobs.upload('uploads', `sketch/${file}.jpg`, Buffer.from('cat'));
      const [job] = await routeUpload(object, null, ports);
      expect(job?.route.target).toBe('vm');
    }
    const calls = roundTrips.flat();
    const countOf = (name: string) => calls.filter((call) => call === name).length;
    expect(countOf('fleet.read')).toBe(0);
    expect([countOf('fleetSummaries.read'), countOf('routerStates.read')]).toEqual([1, 1]);
    // Five aggregations at most, two of them twice: pipeline/gcp/routing-sums.ts.
    expect([countOf('sums.ledgerInTurn'), countOf('sums.ledger'), countOf('jobs.get')]).toEqual([5, 0, 0]);
  });
});
