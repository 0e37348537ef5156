import { runCost } from '@spillway/core/prices.ts';
import type { ArrivalSource } from './arrivals/parse-trace.ts';
import { type Half, halfOf, rescaleTo } from './arrivals/rescale.ts';
import { TraceError } from './arrivals/trace-error.ts';
import { type BoundJob, runBillBound } from './bound.ts';
import { drawJobs, type SimulatedJob } from './jobs.ts';
import { makePolicy } from './policies/registry.ts';
import { type Report, reportPolicy } from './report.ts';
import type { RunResult } from './run-result.ts';
import type { Scenario } from './scenario.ts';
import { confidence95, mean } from './statistics.ts';
import { simulate } from './world/simulate.ts';

export interface Experiment {
  source: ArrivalSource;
  /** Mean arrivals per second; as they are where undefined. */
  rate?: number | undefined;
  half?: Half | undefined;
  policies: readonly string[];
  seeds: number;
  scenario: Scenario;
  /** Whether the lower bound is asked for. */
  bound: boolean;
}

/** Every policy over every seed: under one seed all policies meet the same jobs. */
export async function experiment(asked: Experiment): Promise<Report> {
  const { source, half, policies, seeds, scenario } = asked;
  const jobsBySeed = Array.from({ length: seeds }, (_, index) =>
    drawJobs(arrivalsOf(asked, index + 1), scenario, index + 1),
  );
  const [sample = []] = jobsBySeed;
  const seconds = mean(jobsBySeed.map(secondsOf));
  const jobs = mean(jobsBySeed.map((all) => all.length));
  let first: RunResult[] | null = null;
  const reports: Report['policies'] = [];
  for (const name of policies) {
    const policy = makePolicy(name, scenario);
    const runs = jobsBySeed.map((drawn, index) => simulate(drawn, policy, scenario, index + 1));
    reports.push(reportPolicy(policy.family, runs, first));
    first ??= runs;
  }
  return {
    trace: source.name,
    load: loadOf(jobsBySeed.flat(), seconds * seeds, scenario),
    scenario: scenario.name,
    arrivals: { jobs, seconds, ratePerSecond: (sample.length - 1) / secondsOf(sample), half: half ?? null },
    seeds,
    routers: scenario.router.routers,
    policies: reports,
    bound: asked.bound ? await boundOf(jobsBySeed, scenario) : null,
  };
}

/**
 * The whole trace is rescaled before it is halved, so that both halves are played equally fast. Throws `TraceError` where
 * nothing is left.
 */
function arrivalsOf({ source, rate, half }: Experiment, seed: number): number[] {
  const given = source.arrivals(seed);
  const all = rate === undefined ? given : rescaleTo(rate, given);
  const wanted = half ? halfOf(half, all) : all;
  if (wanted.length < 2) throw new TraceError(`${source.name} has fewer than two arrivals.`);
  const [start = 0] = wanted;
  return wanted.map((at) => at - start);
}

async function boundOf(jobsBySeed: SimulatedJob[][], scenario: Scenario): Promise<Report['bound']> {
  const slots = scenario.vms.count * scenario.vms.slots;
  const per1000: number[] = [];
  for (const jobs of jobsBySeed) {
    const dollars = await runBillBound(
      jobs.map((job) => boundJob(job, scenario)),
      slots,
    );
    per1000.push((1_000 * dollars) / jobs.length);
  }
  const confidence = confidence95(per1000);
  return { runCostPer1000: confidence.mean, confidence };
}

/** What the bound has to know of a job. */
export function boundJob({ arrivedAt, deadlineAt, vmMs, runMs }: SimulatedJob, scenario: Scenario): BoundJob {
  return {
    arrivedAt: arrivedAt / 1_000,
    deadlineAt: deadlineAt / 1_000,
    vmSeconds: vmMs / 1_000,
    runDollars: runCost(runMs, scenario.run.shape),
  };
}

function loadOf(jobs: readonly SimulatedJob[], seconds: number, { vms }: Scenario): number {
  const work = jobs.reduce((sum, { vmMs }) => sum + vmMs / 1_000, 0);
  const slots = vms.count * vms.slots;
  return work / (slots * seconds);
}

function secondsOf(jobs: readonly SimulatedJob[]): number {
  return (jobs.at(-1)?.arrivedAt ?? 0) / 1_000;
}
