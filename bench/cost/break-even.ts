import { idleRunCostPerHour, runCost } from '@spillway/core/prices.ts';
import { drawJobs, runIoMs } from '@spillway/simulator/jobs.ts';
import type { Scenario } from '@spillway/simulator/scenario.ts';
import { daysOfMonth, hoursOfMonth, secondsOfMonth } from './counts.ts';
import { billOf } from './meters.ts';
import { usageOf } from './usage.ts';

/** From when on a VM costs less than the time of Cloud Run that it takes over. */
export interface BreakEven {
  jobsPerDay: number;
  /** Share of the VM's time that so many jobs take. Above 1, one VM cannot do them: it never pays. */
  busy: number;
  /** US dollars: of the VM in a month with what it adds elsewhere, and of Cloud Run for a thousand jobs. */
  vmMonth: number;
  runPer1000: number;
  /** US dollars of a minimum instance of Cloud Run that has no request for a month. */
  idleRunMonth: number;
}

const drawn = 20_000;

/**
 * A VM's month, divided by what Cloud Run bills for a job. That a VM takes every job up to that number is nearly so while
 * it is not half busy; and Cloud Run's cold starts, which are left out here, make VMs pay a little earlier.
 */
export function breakEvenOf(scenario: Scenario): BreakEven {
  const jobs = drawJobs(
    Array.from({ length: drawn }, (_, index) => index),
    scenario,
    1,
  );
  const mean = (of: (job: (typeof jobs)[number]) => number) =>
    jobs.reduce((sum, job) => sum + of(job), 0) / jobs.length;
  const ioMs = runIoMs(scenario);
  const runPerJob = mean(({ runMs }) => runCost(runMs + ioMs, scenario.run.shape));
  const vmMonth = addedByOneVm(scenario);
  const jobsPerDay = vmMonth / runPerJob / daysOfMonth;
  const slotSeconds = (scenario.vms.slots * secondsOfMonth) / daysOfMonth;
  return {
    jobsPerDay,
    busy: (jobsPerDay * mean(({ vmMs }) => vmMs)) / 1_000 / slotSeconds,
    vmMonth,
    runPer1000: 1_000 * runPerJob,
    idleRunMonth: hoursOfMonth * idleRunCostPerHour(scenario.run.shape),
  };
}

/** The VM with its disk, its heartbeats and its metrics. */
function addedByOneVm({ vms, run }: Scenario): number {
  const month = {
    jobs: 0,
    sourceBytes: 0,
    resultBytes: 0,
    tracesSampled: 0,
    vmShape: vms.shape,
    runShape: run.shape,
  };
  const monthOf = (count: number) =>
    billOf(usageOf(month, { vms: count, runSeconds: 0, runRequests: 0 })).total;
  return monthOf(1) - monthOf(0);
}
