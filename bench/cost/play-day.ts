import { manifestOf } from '@spillway/core/operations.ts';
import { prices } from '@spillway/core/prices.ts';
import { dayArrivals } from '@spillway/simulator/arrivals/day.ts';
import { drawJobs, type SimulatedJob } from '@spillway/simulator/jobs.ts';
import { makePolicy } from '@spillway/simulator/policies/registry.ts';
import { randomStream } from '@spillway/simulator/random.ts';
import type { Scenario } from '@spillway/simulator/scenario.ts';
import { simulate } from '@spillway/simulator/world/simulate.ts';
import { daysOfMonth, resultBytes } from './counts.ts';
import type { Split } from './usage.ts';

/** A day's rate rises and falls by this share of its mean. Assumed. */
const swing = 0.8;
/** About this number of jobs tell enough of a split; more take long. */
const enoughJobs = 10_000;
/** Fewer say nothing. Nearly every start is a cold one with this number already. */
const fewestJobs = 100;
/** The day's curve is squeezed into no less than this. Seconds. */
const shortest = 1_800;
const day = 86_400;
const seed = 1;

/** A sample of a day with this number of jobs: arrivals as close together as on the day, and with its curve. */
export function sampleOf(jobsPerDay: number, scenario: Scenario): SimulatedJob[] {
  const rate = Math.max(jobsPerDay, fewestJobs) / day;
  const seconds = Math.min(day, Math.max(shortest, enoughJobs / rate));
  return drawJobs(dayArrivals(rate, swing, seconds, randomStream(seed, 'arrivals')), scenario, seed);
}

/** The mean bytes of a source and of a result. */
export function meanBytes(jobs: readonly SimulatedJob[]): { sourceBytes: number; resultBytes: number } {
  const mean = (bytesOf: (job: SimulatedJob) => number) =>
    jobs.reduce((sum, job) => sum + bytesOf(job), 0) / Math.max(1, jobs.length);
  const pictureBytes = ({ decodedPixels }: SimulatedJob) => decodedPixels * resultBytes.perPixel;
  return {
    sourceBytes: mean(pictureBytes),
    resultBytes: mean((job) =>
      manifestOf(job.operation).produces.kind === 'picture' ? pictureBytes(job) : resultBytes.words,
    ),
  };
}

export interface PlayedDay {
  split: Split;
  /** Share of the jobs that missed their objectives. */
  missed: number;
  /** Share of the jobs that ended on Cloud Run. */
  onRun: number;
}

/** Plays the sample through a policy of the simulator; the split is of a month of such days. */
export function playDay(
  policy: 'deadline' | 'all-run' | 'all-vm',
  vms: number,
  jobs: readonly SimulatedJob[],
  given: Scenario,
  jobsPerDay: number,
): PlayedDay {
  const scenario = structuredClone(given);
  scenario.vms.count = vms;
  const { dollars, outcomes } = simulate(jobs, makePolicy(policy, scenario), scenario, seed);
  const onRun = outcomes.filter(({ target }) => target === 'run');
  const requests = onRun.reduce((sum, { attempts }) => sum + attempts, 0);
  const { vcpus, memoryGib } = scenario.run.shape;
  const perSecond = vcpus * prices.run.perVcpuSecond + memoryGib * prices.run.perGibSecond;
  const ofMonth = (jobsPerDay * daysOfMonth) / Math.max(1, jobs.length);
  return {
    split: {
      vms: policy === 'all-run' ? 0 : vms,
      // The simulator bills busy time and requests together.
      runSeconds: (ofMonth * Math.max(0, dollars.run - requests * prices.run.perRequest)) / perSecond,
      runRequests: ofMonth * requests,
    },
    missed: 1 - outcomes.filter(({ inTime }) => inTime).length / Math.max(1, jobs.length),
    onRun: onRun.length / Math.max(1, jobs.length),
  };
}
