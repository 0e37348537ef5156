import { describe, expect, it } from 'vitest';
import { erlangB, erlangC, erlangCWait } from './erlang.ts';
import type { SimulatedJob } from './jobs.ts';
import { allVm } from './policies/one-side.ts';
import type { Policy, View } from './policies/policy.ts';
import { unrouted } from './policies/unrouted.ts';
import { randomStream } from './random.ts';
import { mean } from './statistics.ts';
import { instantScenario, plainJob } from './testing/scenarios.ts';
import { simulate } from './world/simulate.ts';

const slots = 4;
const meanServiceMs = 400;
const offered = 3.24;

describe('the formulas', () => {
  it('give the values of published tables', () => {
    // Erlang B: 10 servers at 5 Erlang, and 4 at 3.24, by hand: 4.5917 / (1 + 3.24 + 5.2488 + 5.6687 + 4.5917).
    expect(erlangB(10, 5)).toBeCloseTo(0.01838, 5);
    expect(erlangB(slots, offered)).toBeCloseTo(0.2325, 4);
    // Erlang C: one server is M/M/1, where the share that waits is the load; two at 1 Erlang give 1/3.
    expect(erlangC(1, 0.7)).toBeCloseTo(0.7, 12);
    expect(erlangC(2, 1)).toBeCloseTo(1 / 3, 12);
    expect(erlangC(2, 2)).toBe(1);
    expect(erlangCWait(1, 0.5, 1)).toBeCloseTo(1, 12);
  });
});

describe('the engine, without delays, where service times are exponential', {
  timeout: 300_000,
}, () => {
  const scenario = instantScenario({ vms: 1, slots, runInstances: 1_000 });

  it('overflows as Erlang B says where nobody waits for a VM', () => {
    const { outcomes } = simulate(exponentialJobs(60_000, 7), lossPolicy, scenario, 7);
    const overflow = outcomes.filter(({ target }) => target === 'run').length / outcomes.length;
    // One part in fifty of the formula's 0.2325: three standard errors of 60,000 correlated arrivals.
    expect(Math.abs(overflow / erlangB(slots, offered) - 1)).toBeLessThan(0.02);
  });

  it('overflows as Erlang B says whatever the distribution of service times, with constant ones', () => {
    const jobs = exponentialJobs(60_000, 8).map((job) => ({ ...job, vmMs: meanServiceMs }));
    const { outcomes } = simulate(jobs, lossPolicy, scenario, 8);
    const overflow = outcomes.filter(({ target }) => target === 'run').length / outcomes.length;
    expect(Math.abs(overflow / erlangB(slots, offered) - 1)).toBeLessThan(0.02);
  });

  it('lets jobs wait as long as Erlang C says where all wait', () => {
    const jobs = exponentialJobs(80_000, 9);
    const { outcomes } = simulate(jobs, allVm(scenario), scenario, 9);
    const waits = outcomes.map(({ latencyMs }, index) => (latencyMs ?? 0) - (jobs[index]?.vmMs ?? 0));
    const expected = erlangCWait(slots, offered, meanServiceMs);
    expect(Math.abs(mean(waits) / expected - 1)).toBeLessThan(0.08);
    const share = waits.filter((wait) => wait > 1e-6).length / waits.length;
    expect(Math.abs(share - erlangC(slots, offered))).toBeLessThan(0.02);
  });
});

/** A VM if a slot is free, else Cloud Run: what it counts is the exact ledger of the documents. */
const lossPolicy: Policy = {
  ...allVm(instantScenario({ vms: 1, slots, runInstances: 1_000 })),
  name: 'loss',
  place({ job, question }: View) {
    const { running, ahead } = question.ledger.vm;
    return { choice: unrouted('loss', running.jobs + ahead.jobs < slots ? 'vm' : 'run', job) };
  },
};

function exponentialJobs(count: number, seed: number): SimulatedJob[] {
  const arrivals = randomStream(seed, 'test arrivals');
  const services = randomStream(seed, 'test services');
  let arrivedAt = 0;
  return Array.from({ length: count }, (_, index) => {
    arrivedAt += arrivals.exponential(meanServiceMs / offered);
    const vmMs = services.exponential(meanServiceMs);
    return plainJob({ index, arrivedAt, vmMs, runMs: vmMs });
  });
}
