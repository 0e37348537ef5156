import { idleRunCostPerHour, runCost } from '@spillway/core/prices.ts';
import { describe, expect, it } from 'vitest';
import { mmppArrivals } from '../arrivals/mmpp.ts';
import { poissonArrivals } from '../arrivals/poisson.ts';
import { runBillBound } from '../bound.ts';
import { boundJob } from '../experiment.ts';
import { drawJobs } from '../jobs.ts';
import { makePolicy, policyNames } from '../policies/registry.ts';
import { randomStream } from '../random.ts';
import { readScenario } from '../read-scenario.ts';
import type { Scenario } from '../scenario.ts';
import { instantScenario, plainJob } from '../testing/scenarios.ts';
import { noPast, pastOf } from './past.ts';
import { simulate } from './simulate.ts';

/** Bursts beyond what the VMs can do, so that every path is taken. */
function burstyJobs(scenario: Scenario, seed: number, seconds = 40) {
  const bursts = { calmRate: 4, burstRate: 40, calmSeconds: 12, burstSeconds: 4 };
  return drawJobs(mmppArrivals(bursts, seconds, randomStream(seed, 'arrivals')), scenario, seed);
}

const play = (jobs: ReturnType<typeof burstyJobs>, name: string, scenario: Scenario, seed: number) =>
  simulate(jobs, makePolicy(name, scenario), scenario, seed);

const chosen = ['deadline', 'threshold-70', 'jsq', 'two-choices', 'all-vm', 'all-run'];

describe('a run', () => {
  const scenario = readScenario();
  const jobs = burstyJobs(scenario, 1);

  it('is the same for the same seed under every policy, and another for another seed', () => {
    for (const name of chosen) {
      expect(play(jobs, name, scenario, 1)).toEqual(play(jobs, name, scenario, 1));
    }
    const other = play(burstyJobs(scenario, 2), 'deadline', scenario, 2);
    expect(other).not.toEqual(play(jobs, 'deadline', scenario, 1));
  });

  it.each(policyNames)('of %s ends every job, once', (name) => {
    const { outcomes, lost, duplicates } = play(jobs, name, scenario, 1);
    expect(outcomes).toHaveLength(jobs.length);
    expect(outcomes.every(({ succeeded }) => succeeded)).toBe(true);
    expect([lost, duplicates]).toEqual([0, 0]);
  });

  it('sends jobs where its policy says', () => {
    const share = (name: string) => {
      const { outcomes } = play(jobs, name, scenario, 1);
      return outcomes.filter(({ target }) => target === 'run').length / outcomes.length;
    };
    expect(share('all-vm')).toBe(0);
    expect(share('all-run')).toBe(1);
    expect(share('threshold-20')).toBeGreaterThan(share('threshold-80'));
    expect(share('deadline')).toBeGreaterThan(0);
    expect(share('deadline')).toBeLessThan(share('threshold-20'));
  });

  it('costs the VMs’ hours under every policy that rents them', () => {
    const { dollars, hours } = play(jobs, 'deadline', scenario, 1);
    // Two e2-standard-2: 2 vCPU and 8 GiB each.
    expect(dollars.vm).toBeCloseTo(hours * 2 * (2 * 0.02181159 + 8 * 0.00292353), 9);
    expect(play(jobs, 'all-run', scenario, 1).dollars.vm).toBe(0);
  });

  it('never beats the lower bound on Cloud Run’s bill, with what it did too late on VMs charged to it', async () => {
    const all = jobs.map((job) => boundJob(job, scenario));
    const bound = await runBillBound(all, scenario.vms.count * scenario.vms.slots);
    expect(bound).toBeGreaterThan(0);
    for (const name of chosen) {
      const { outcomes, dollars } = play(jobs, name, scenario, 1);
      const lateOnVms = outcomes
        .filter(({ target, inTime }) => target === 'vm' && !inTime)
        .reduce((sum, { index }) => sum + (all[index]?.runDollars ?? 0), 0);
      expect(dollars.run + lateOnVms).toBeGreaterThanOrEqual(bound);
    }
  });
});

describe('every job ends exactly once', () => {
  const faulty = {
    'attempts crash': { crash: 0.1 },
    'messages come twice': { duplicate: 0.3 },
    'messages come late': { delayed: { probability: 0.2, delay: { medianMs: 5_000, sigma: 1 } } },
    'a VM dies': { vmDeaths: [{ vm: 0, atSeconds: 40, forSeconds: 30 }] },
    'both VMs die': {
      vmDeaths: [
        { vm: 0, atSeconds: 40, forSeconds: 60 },
        { vm: 1, atSeconds: 45, forSeconds: 30 },
      ],
    },
    'a VM stalls': { vmStalls: [{ vm: 0, atSeconds: 30, forSeconds: 25 }] },
    'a VM is slow': { slowVms: [{ vm: 1, atSeconds: 10, forSeconds: 100, factor: 6 }] },
  } satisfies Record<string, Partial<Scenario['faults']>>;
  const everything = Object.assign({}, ...Object.values(faulty));

  it.each(Object.entries({ ...faulty, 'all of it happens': everything }))('when %s', (_, faults) => {
    const scenario = readScenario();
    Object.assign(scenario.faults, faults);
    for (const seed of [1, 2]) {
      const jobs = burstyJobs(scenario, seed, 60);
      for (const name of chosen) {
        // A document that is written after its end would throw.
        const { outcomes, lost } = play(jobs, name, scenario, seed);
        expect(lost).toBe(0);
        expect(new Set(outcomes.map(({ index }) => index)).size).toBe(jobs.length);
        expect(outcomes.every(({ latencyMs }) => latencyMs !== null && latencyMs > 0)).toBe(true);
        if (!('crash' in faults)) expect(outcomes.every(({ succeeded }) => succeeded)).toBe(true);
      }
    }
  });

  it('does work twice where a worker stalled for longer than its claims live', () => {
    const scenario = instantScenario({ vms: 2, slots: 1, runInstances: 1 });
    scenario.faults.vmStalls = [
      { vm: 0, atSeconds: 0.5, forSeconds: 60 },
      { vm: 1, atSeconds: 0.5, forSeconds: 60 },
    ];
    const jobs = [plainJob({ vmMs: 1_000 })];
    expect(play(jobs, 'all-vm', scenario, 1)).toMatchObject({ duplicates: 1, lost: 0 });
  });

  it('frees what a dead VM held when the claim has expired', () => {
    const scenario = instantScenario({ vms: 1, slots: 1, runInstances: 1 });
    scenario.faults.vmDeaths = [{ vm: 0, atSeconds: 1, forSeconds: 5 }];
    const [outcome] = play([plainJob({ vmMs: 4_000 })], 'all-vm', scenario, 1).outcomes;
    // Claimed at 0 s and dead at 1 s, the claim ends at 9 s; a sweep every 3 s sees that after 9 s, at 12 s at the latest.
    expect(outcome?.latencyMs).toBeGreaterThanOrEqual(9_000 + 4_000);
    expect(outcome?.latencyMs).toBeLessThanOrEqual(12_000 + 4_000);
  });
});

describe('a pool that follows the work', () => {
  const scenario = readScenario();
  /** Work for three VMs, and then for less than one. */
  const jobs = drawJobs(
    [...poissonArrivals(12, 300, randomStream(3, 'arrivals')), ...everyOtherSecond(300, 1_800)],
    scenario,
    3,
  );

  it.each(['pool', 'both-learned'])('grows, shrinks and loses nothing: %s', (name) => {
    const { outcomes, lost, duplicates, vmHours, hours } = play(jobs, name, scenario, 3);
    expect(outcomes).toHaveLength(jobs.length);
    expect([lost, duplicates]).toEqual([0, 0]);
    // Two at first, three or four within the first minutes, and one fewer every ten minutes from then on.
    expect(vmHours / hours).toBeGreaterThan(2);
    expect(vmHours / hours).toBeLessThan(3.8);
  });

  it('knows from the past how many VMs it begins with, and what to expect', () => {
    const times = poissonArrivals(11, 960, randomStream(4, 'arrivals'));
    const past = pastOf(
      times.filter((at) => at < 900),
      900,
      scenario,
      4,
    );
    const played = drawJobs(
      times.filter((at) => at >= 900).map((at) => at - 900),
      scenario,
      4,
    );
    const vmsOf = (before: typeof past) => {
      const { vmHours, hours } = simulate(played, makePolicy('pool-ewma', scenario), scenario, 4, {
        past: before,
      });
      return vmHours / hours;
    };
    expect(past.minutes).toHaveLength(15);
    expect(vmsOf(past)).toBeGreaterThan(vmsOf(noPast));
  });
});

function everyOtherSecond(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / 2 }, (_, index) => from + 2 * index);
}

describe('Cloud Run', () => {
  const scenario = instantScenario({ vms: 0, slots: 1, runInstances: 1 });

  it('starts an instance, keeps it warm for a while, and bills both start and work', () => {
    const start = { coldStartMs: 3_000, pushMs: 50, runMs: 420 };
    const jobs = [
      plainJob({ ...start, index: 0 }),
      plainJob({ ...start, index: 1, arrivedAt: 10_000 }),
      plainJob({ ...start, index: 2, arrivedAt: 20_000 + scenario.run.idleMs }),
    ];
    const { outcomes, dollars, coldStarts } = play(jobs, 'all-run', scenario, 1);
    expect(outcomes.map(({ latencyMs }) => latencyMs)).toEqual([3_470, 470, 3_470]);
    expect(coldStarts).toBe(2);
    const { shape } = scenario.run;
    const requests = 3 * runCost(420, shape);
    const starts = 2 * (runCost(3_000, shape) - runCost(0, shape));
    expect(dollars.run).toBeCloseTo(requests + starts, 12);
  });

  it('keeps minimum instances, which meet no cold start and cost the idle rate', () => {
    const start = { coldStartMs: 3_000, runMs: 400 };
    const kept = structuredClone(scenario);
    kept.run.keep = { medianMs: 10_000, sigma: 0 };
    kept.run.coldStart = { medianMs: 3_000, sigma: 0 };
    const jobs = [
      plainJob({ ...start, index: 0, arrivedAt: 60_000 }),
      plainJob({ ...start, index: 1, arrivedAt: 60_000 + 2 * kept.run.idleMs }),
    ];
    const policy = { ...makePolicy('all-run', kept), settings: makePolicy('keep-1', kept).settings };
    const { outcomes, dollars, coldStarts } = simulate(jobs, policy, kept, 1);
    expect(outcomes.map(({ latencyMs }) => latencyMs)).toEqual([400, 400]);
    expect(coldStarts).toBe(1);
    const { shape } = kept.run;
    // From its start at 13 s until the last job's end, but for the two jobs.
    const idleMs = 60_000 + 2 * kept.run.idleMs + 400 - 13_000 - 2 * 400;
    expect(dollars.runIdle).toBeCloseTo((idleMs / 3_600_000) * idleRunCostPerHour(shape), 9);
    const startAndRequests = runCost(3_000, shape) - runCost(0, shape) + 2 * runCost(400, shape);
    expect(dollars.run).toBeCloseTo(startAndRequests + dollars.runIdle, 9);
  });

  it('lets requests wait in order, refuses those that wait too long, and serves them at a later push', () => {
    const patient = structuredClone(scenario);
    patient.run.pendingMs = 1_500;
    const jobs = [0, 1, 2, 3].map((index) => plainJob({ index, runMs: 1_000 }));
    const { outcomes, refusals } = play(jobs, 'all-run', patient, 1);
    // Three are pushed at first. The third is refused after 1.5 s, and pushed again behind the fourth a second later.
    expect(outcomes.map(({ latencyMs }) => latencyMs)).toEqual([1_000, 2_000, 4_000, 3_000]);
    expect(refusals).toBe(1);
  });

  it('pushes no more at a time than the window allows', () => {
    const narrow = structuredClone(instantScenario({ vms: 0, slots: 1, runInstances: 10 }));
    const jobs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => plainJob({ index, runMs: 1_000 }));
    const { outcomes } = play(jobs, 'all-run', narrow, 1);
    // The window begins with three pushes, and each success makes room for one more.
    const expected = [1, 1, 1, 2, 2, 2, 2, 2, 2, 3].map((seconds) => seconds * 1_000);
    expect(outcomes.map(({ latencyMs }) => latencyMs)).toEqual(expected);
  });
});
