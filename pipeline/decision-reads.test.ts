import { Firestore, Timestamp } from '@google-cloud/firestore';
import { noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import { expect, it, vi } from 'vitest';
import { createFirestoreJobs } from './gcp/jobs.ts';
import type { RoutingSums, Stored } from './ports/jobs.ts';
import { routeUpload } from './route.ts';
import { storeClock } from './store-clock.ts';
import { sweepOnce } from './sweep.ts';
import { systemClock } from './system-clock.ts';
import { countRoundTrips } from './testing/round-trips.ts';
import { workbench } from './testing/workbench.ts';

/** The sums that Firestore is asked for by one call, each of which is billed as one read for each 1,000 index entries. */
async function sumsOf(call: (sums: RoutingSums, stored: Stored) => unknown): Promise<number> {
  const firestore = new Firestore({ projectId: 'demo-reads' });
  let asked = 0;
  const get = vi
    .spyOn(Object.getPrototypeOf(firestore.collection('jobs').count()), 'get')
    .mockImplementation(async () => {
      asked++;
      return { data: () => ({ jobs: 40, workMs: 40_000, count: 40 }) };
    });
  const { sums } = createFirestoreJobs(firestore, storeClock(systemClock), () => {});
  const time = Timestamp.fromDate(noon);
  const job = sampleJob({ batch: 'b', owner: 'ann' });
  await call(sums, { job, version: { createTime: time, updateTime: time }, updatedAt: noon, readAt: noon });
  get.mockRestore();
  return asked;
}

it.each([2, 60, 600])('a decision takes at most 8 reads with %i VMs', async (vms) => {
  const turnAfter = (ownMs: number) => new Date(noon.getTime() + ownMs);
  const billed: Record<string, number> = {
    // With so much of its owner's work ahead that the line is added up for a second turn.
    'sums.ledgerInTurn': await sumsOf((sums, stored) => sums.ledgerInTurn(stored, turnAfter)),
    'sums.batchBefore': await sumsOf((sums, stored) => sums.batchBefore(stored)),
    // Writes.
    'jobs.create': 0,
    'jobs.replace': 0,
    'queue.publish': 0,
    // Kept for five seconds.
    'settings.routing': 0,
    'settings.sourceRules': 0,
    // Once a second in each process, however many decisions it makes.
    'fleetSummaries.read': 0,
    'routerStates.read': 0,
  };
  const bench = await workbench();
  for (let vm = 2; vm <= vms; vm++) await bench.beats({ id: `vm-${vm}` });
  await sweepOnce('sweeper', bench.ports);
  const { ports, roundTrips } = countRoundTrips(bench.ports);
  const object = bench.ports.blobs.upload('uploads', 'sketch/1.jpg', Buffer.from('x'), { batch: 'b' });
  await routeUpload(object, null, ports);
  const reads = roundTrips.flat().map((call) => billed[call] ?? Number.NaN);
  expect(roundTrips.flat()).toContain('sums.batchBefore');
  expect(reads.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(8);
});
