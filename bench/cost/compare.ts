import { runIoMs, type SimulatedJob } from '@spillway/simulator/jobs.ts';
import { mixOf, type Scenario } from '@spillway/simulator/scenario.ts';
import { daysOfMonth } from './counts.ts';
import { type Bill, billOf, type Usage } from './meters.ts';
import { meanBytes, type PlayedDay, playDay, sampleOf } from './play-day.ts';
import { type Month, usageOf } from './usage.ts';

export interface CostQuestion {
  jobsPerDay: number;
  /** With the mix that is asked for. */
  scenario: Scenario;
  tracesSampled: number;
  /** VMs of ours; null: the number that costs least and keeps the objectives. */
  vms: number | null;
}

export interface Side {
  name: 'ours' | 'all Cloud Run' | 'all VMs';
  vms: number;
  missed: number;
  onRun: number;
  usage: Usage[];
  bill: Bill;
}

/** Share of the jobs that may miss their objectives: routing's aim (docs/routing.md). */
export const mostMissed = 0.01;

/** The month of the three ways to work on the same jobs. */
export function compare(question: CostQuestion): Side[] {
  const { jobsPerDay, scenario } = question;
  const jobs = sampleOf(jobsPerDay, scenario);
  const month: Month = {
    jobs: jobsPerDay * daysOfMonth,
    ...meanBytes(jobs),
    tracesSampled: question.tracesSampled,
    vmShape: scenario.vms.shape,
    runShape: scenario.run.shape,
  };
  const world = roomy(
    scenario,
    slotsWanted(question, jobs, ({ runMs }) => runMs + runIoMs(scenario)),
  );
  const play = (name: Side['name'], policy: Parameters<typeof playDay>[0], vms: number): Side => {
    const day: PlayedDay = playDay(policy, vms, jobs, world, jobsPerDay);
    const usage = usageOf(month, day.split);
    return { name, vms: day.split.vms, missed: day.missed, onRun: day.onRun, usage, bill: billOf(usage) };
  };
  /** Enough for the mean of a day, were no slot ever free. */
  const busyVms = slotsWanted(question, jobs, ({ vmMs }) => vmMs) / scenario.vms.slots;
  const ours = (vms: number) => play('ours', 'deadline', vms);
  return [
    question.vms === null ? cheapest(ours, busyVms) : ours(question.vms),
    play('all Cloud Run', 'all-run', 0),
    fewest((vms) => play('all VMs', 'all-vm', vms), Math.max(1, Math.ceil(busyVms * peak))),
  ];
}

/** Of the day's mean, at the peak of its curve. */
const peak = 1.8;

/** Slots that are busy over a day's mean. */
function slotsWanted(
  { jobsPerDay }: CostQuestion,
  jobs: ReturnType<typeof sampleOf>,
  busyMs: (job: SimulatedJob) => number,
): number {
  const seconds = jobs.reduce((sum, job) => sum + busyMs(job), 0) / 1_000 / Math.max(1, jobs.length);
  return (jobsPerDay * seconds) / 86_400;
}

/** The scenario with instances of Cloud Run for three times the mean of the day, if it has fewer. */
function roomy(given: Scenario, slots: number): Scenario {
  const scenario = structuredClone(given);
  const wanted = Math.ceil((3 * slots) / scenario.run.concurrency);
  scenario.run.maxInstances = Math.max(scenario.run.maxInstances, wanted);
  return scenario;
}

/**
 * With more VMs, less goes to Cloud Run and more is paid for idle VMs: the sum falls and then rises. So numbers are
 * tried from none on, until one costs more than the one before it and keeps the objectives.
 */
function cheapest(ours: (vms: number) => Side, busyVms: number): Side {
  let best: Side | null = null;
  for (let vms = 0; ; vms = nextOf(vms, busyVms)) {
    const side = ours(vms);
    const inTime = side.missed <= mostMissed;
    if (best && inTime && side.bill.total >= best.bill.total) return best;
    if (inTime) best = side;
    else if (vms > busyVms * peak + 2) return best ?? side;
  }
}

/** After none and one, nothing much below the mean of the day is worth a try. */
function nextOf(vms: number, busyVms: number): number {
  return vms < 1 ? 1 : Math.max(vms + 1, Math.floor(busyVms * 0.8));
}

/** The fewest VMs that keep the objectives. */
function fewest(play: (vms: number) => Side, from: number): Side {
  let side = play(from);
  for (let vms = from - 1; vms >= 1 && side.missed <= mostMissed; vms--) {
    const fewer = play(vms);
    if (fewer.missed > mostMissed) break;
    side = fewer;
  }
  for (let vms = from + 1; side.missed > mostMissed && vms <= 4 * from + 4; vms++) side = play(vms);
  return side;
}

/** The weights of a scenario's operations, as shares. */
export function sharesOf(scenario: Scenario): number[] {
  const weights = mixOf(scenario);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
