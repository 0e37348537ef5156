import { prices } from '@spillway/core/prices.ts';
import { expect, test } from 'vitest';
import { metricBytes } from './counts.ts';
import { billOf } from './meters.ts';
import { type Month, usageOf } from './usage.ts';

const month: Month = {
  jobs: 1_000_000,
  sourceBytes: 2 ** 20,
  resultBytes: 2 ** 20,
  tracesSampled: 0.5,
  vmShape: { vcpus: 2, memoryGib: 8 },
  runShape: { vcpus: 2, memoryGib: 4 },
};
/** A month has 2,626,560 seconds: one instance of Cloud Run is busy for a tenth of it. */
const split = { vms: 2, runSeconds: 262_656, runRequests: 500_000 };

test('a month is billed by part as by hand', () => {
  const { byPart } = billOf(usageOf(month, split));
  const metrics = metricBytes();
  const byHand: typeof byPart = {
    // 262,656 s of 2 vCPU and 4 GiB, and half a million requests.
    'Cloud Run, worker': 262_656 * 0.000058 + 0.2,
    // 729.6 hours of $0.06701142, and 30 GiB of disk, twice.
    VMs: 2 * (729.6 * 0.06701142 + 3),
    // Routing for 0.1 s a job with 1 vCPU and 0.5 GiB; sweeping for 55 s of each minute with 0.333 vCPU and 0.5 GiB.
    Functions: (100_000 + 801_757.44) * 0.000024 + (50_000 + 1_203_840) * 0.0000025 + 1_043_776 * 0.0000004,
    // 7 for each job, 2 for a look at the world and 2 of the searches for lost uploads; 19, 2.1 heartbeats and two looks at the lease for each of 1,313,280
    // sweeps; and one with each of 2 x 1,313,280 heartbeats.
    'Firestore, reads': (11_000_000 + 1_313_280 * 23.1 + 2_626_560) * 0.0000003,
    'Firestore, writes': (5_000_000 + 2 * 1_313_280 + 2_626_560) * 0.0000009,
    'Firestore, deletes': 0.1,
    // 5 kB of each job for 30 of 30.4 days.
    'Firestore, kept': (5_000_000_000 / 2 ** 30) * (30 / 30.4) * 0.15,
    // Three messages, published and delivered.
    'Pub/Sub': (7_300_000_000 / 2 ** 40) * 40,
    'Storage, operations': 15 + 1.2,
    // 1,953.125 GiB for 30 of 30.4 days.
    'Storage, kept': 1_953.125 * (30 / 30.4) * 0.02,
    Egress: 976.5625 * 0.12,
    Logs: (2_000_000_000 / 2 ** 30) * 0.5,
    // 14 steps of each job, half of which are kept.
    Traces: 1.4,
    // Two VMs, a tenth of an instance and a router, each minute.
    Metrics: ((43_776 * (metrics.system + 3.1 * metrics.process)) / 2 ** 20) * 0.258,
    Scheduler: 0.2,
  };
  for (const [part, dollars] of Object.entries(byHand)) {
    expect(byPart[part as keyof typeof byPart], part).toBeCloseTo(dollars, 9);
  }
});

test('what Google gives away is taken off once, however many parts use it', () => {
  const bill = billOf([
    { part: 'Cloud Run, worker', meter: 'vcpuSeconds', quantity: 100_000 },
    { part: 'Functions', meter: 'vcpuSeconds', quantity: 100_000 },
    { part: 'Traces', meter: 'spans', quantity: 2_000_000 },
  ]);
  expect(bill.total).toBeCloseTo(200_000 * 0.000024 + 0.4, 9);
  // 180,000 vCPU-seconds and 2.5 million spans are free.
  expect(bill.afterFree).toBeCloseTo(20_000 * 0.000024, 9);
});

test('a month without jobs and VMs has the sweep, its function and its metrics alone', () => {
  const { byPart } = billOf(usageOf({ ...month, jobs: 0 }, { vms: 0, runSeconds: 0, runRequests: 0 }));
  const paid = Object.entries(byPart).flatMap(([part, dollars]) => (dollars > 0 ? [part] : []));
  expect(paid).toEqual(['Functions', 'Firestore, reads', 'Firestore, writes', 'Metrics', 'Scheduler']);
  expect(byPart.Scheduler).toBeCloseTo(2 * prices.scheduler.perJobMonth, 9);
});
