import { instantScenario, plainJob } from '@spillway/simulator/testing/scenarios.ts';
import { describe, expect, it } from 'vitest';
import { breakEvenOf } from './break-even.ts';
import { daysOfMonth } from './counts.ts';
import { meanBytes, playDay } from './play-day.ts';

const scenario = instantScenario({ vms: 1, slots: 1, runInstances: 5 });
/** One job of 400 ms every ten seconds. */
const jobs = Array.from({ length: 10 }, (_, index) =>
  plainJob({ index, arrivedAt: 10_000 * index, vmMs: 400, runMs: 400 }),
);

describe('a played day', () => {
  it('bills Cloud Run for the time of its jobs, and no VM', () => {
    const { split, missed, onRun } = playDay('all-run', 1, jobs, scenario, 1_000);
    expect(onRun).toBe(1);
    expect(missed).toBe(0);
    expect(split.vms).toBe(0);
    // 0.4 s for each job of a month with 1,000 a day.
    expect(split.runSeconds).toBeCloseTo(0.4 * 1_000 * daysOfMonth, 3);
    expect(split.runRequests).toBeCloseTo(1_000 * daysOfMonth, 6);
  });

  it('bills nothing of Cloud Run where VMs do everything', () => {
    for (const policy of ['all-vm', 'deadline'] as const) {
      const { split, onRun } = playDay(policy, 1, jobs, scenario, 1_000);
      expect([onRun, split]).toEqual([0, { vms: 1, runSeconds: 0, runRequests: 0 }]);
    }
  });

  it('lets production’s router send to Cloud Run what one VM cannot do in time', () => {
    const crowd = Array.from({ length: 60 }, (_, index) => plainJob({ index, vmMs: 1_500, runMs: 400 }));
    const { onRun, split } = playDay('deadline', 1, crowd, scenario, 1_000);
    expect(onRun).toBeGreaterThan(0);
    expect(onRun).toBeLessThan(1);
    expect(split.runSeconds).toBeGreaterThan(0);
  });

  it('knows the bytes of sources and results', () => {
    const caption = plainJob({ operation: 'caption', decodedPixels: 3_000_000 });
    // Three pictures of 1 MP and one of 3 MP, with 0.3 bytes for each pixel; a caption has a kilobyte.
    const { sourceBytes, resultBytes } = meanBytes([...jobs.slice(0, 3), caption]);
    expect(sourceBytes).toBeCloseTo((3 * 300_000 + 900_000) / 4, 6);
    expect(resultBytes).toBeCloseTo((3 * 300_000 + 1_000) / 4, 6);
  });
});

it('a VM pays from the jobs a day on whose time on Cloud Run costs what it adds to the month', () => {
  const steady = instantScenario({ vms: 1, slots: 2, runInstances: 5 });
  const service = { sketch: { fixedMs: 500, perMegapixelMs: 0, sigma: 0 } };
  Object.assign(steady.jobs, { mix: { sketch: 1 } });
  Object.assign(steady.vms, { service });
  Object.assign(steady.run, { service, besideMs: 0 });
  const { jobsPerDay, busy, vmMonth, runPer1000 } = breakEvenOf(steady);
  // Half a second of 2 vCPU and 4 GiB, and a request.
  expect(runPer1000).toBeCloseTo(1_000 * (0.5 * 0.000058 + 0.0000004), 9);
  // 729.6 h of an e2-standard-2, 30 GiB of disk, 1,313,280 heartbeats and looks at the sweep's lease, and its metrics.
  const withoutMetrics = 729.6 * 0.06701142 + 3 + 1_313_280 * (0.0000009 + 2 * 0.0000003);
  expect(vmMonth).toBeGreaterThan(withoutMetrics);
  expect(vmMonth).toBeLessThan(withoutMetrics + 15);
  expect(jobsPerDay).toBeCloseTo(vmMonth / 30.4 / (0.5 * 0.000058 + 0.0000004), 6);
  // Two slots do four of them in a second.
  expect(busy).toBeCloseTo(jobsPerDay / (4 * 86_400), 9);
});
