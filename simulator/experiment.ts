import { runCost } from '@spillway/core/prices.ts';
import type { ArrivalSource } from './arrivals/parse-trace.ts';
import { type Half, halfOf, rescaleTo } from './arrivals/rescale.ts';
import { TraceError } from './arrivals/trace-error.ts';
import { type BoundJob, runBillBound } from './bound.ts';
import { drawJobs, runIoMs, type SimulatedJob } from './jobs.ts';
import { makePolicy } from './policies/registry.ts';
import { type Report, reportPolicy } from './report.ts';
import type { RunResult } from './run-result.ts';
import type { Scenario } from './scenario.ts';
import { confidence95, mean } from './statistics.ts';
import { type Past, pastOf } from './world/past.ts';
import { simulate } from './world/simulate.ts';

export interface Experiment {
  source: ArrivalSource;
  /** Mean arrivals per second; as they are where undefined. */
  rate?: number | undefined;
  half?: Half | undefined;
  /** Only the last hours are played; forecasters have counted what came before. */
  lastHours?: number | undefined;
  policies: readonly string[];
  seeds: number;
  scenario: Scenario;
  /** Whether the lower bound is asked for. */
  bound: boolean;
}

/** Every policy over every seed: under one seed all policies meet the same jobs. */
export async function experiment(asked: Experiment): Promise<Report> {
  const { source, half, policies, seeds, scenario } = asked;
  const drawn = Array.from({ length: seeds }, (_, index) => draw(asked, index + 1));
  const jobsBySeed = drawn.map(({ jobs }) => jobs);
  const [sample = []] = jobsBySeed;
  const seconds = mean(jobsBySeed.map(secondsOf));
  const jobs = mean(jobsBySeed.map((all) => all.length));
  let first: RunResult[] | null = null;
  const reports: Report['policies'] = [];
  for (const name of policies) {
    const policy = makePolicy(name, scenario);
    const runs = drawn.map(({ jobs: all, past }, index) =>
      simulate(all, policy, scenario, index + 1, { past }),
    );
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

/** One seed's jobs, and what came before them. */
function draw(asked: Experiment, seed: number): { jobs: SimulatedJob[]; past: Past } {
  const { before, played } = arrivalsOf(asked, seed);
  const [start = 0] = played;
  const jobs = drawJobs(
    played.map((at) => at - start),
    asked.scenario,
    seed,
  );
  return { jobs, past: pastOf(before, start, asked.scenario, seed) };
}

/**
 * The whole trace is rescaled before it is divided, so that all of it is played equally fast. Throws `TraceError` where
 * nothing is left.
 */
export function arrivalsOf(
  { source, rate, half, lastHours }: Pick<Experiment, 'source' | 'rate' | 'half' | 'lastHours'>,
  seed: number,
): { before: number[]; played: number[] } {
  const given = source.arrivals(seed);
  const all = rate === undefined ? given : rescaleTo(rate, given);
  const wanted = half ? halfOf(half, all) : all;
  const from = Math.max(wanted[0] ?? 0, lastHours ? (all.at(-1) ?? 0) - 3_600 * lastHours : 0);
  const played = wanted.filter((at) => at >= from);
  if (played.length < 2) throw new TraceError(`${source.name} has fewer than two arrivals.`);
  return { before: all.filter((at) => at < from), played };
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
    runDollars: runCost(runMs + runIoMs(scenario), scenario.run.shape),
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
