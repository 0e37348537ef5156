import { type Ledger, noWork, type Route, type SideLedger, type Target } from '../job.ts';
import type { RouteChoice } from '../transitions.ts';
import { decideRoute } from './policy.ts';
import { vmServiceMs } from './predict.ts';
import { asLogNormal, type Quantiles } from './quantiles.ts';
import type { Candidate, Conditions } from './question.ts';
import { estimateService, type LearnedServices } from './service-times.ts';
import { spentBy } from './state.ts';
import { laterTurn } from './waiting.ts';

/** The other side has to be sooner by this much, in milliseconds: a move costs a message and a place in the queue. */
const marginMs = 500;
/** A job that was moved this often stays where it is while that side lives. */
const mostMoves = 3;

/**
 * Whether a waiting job should go where the router would send it now. It should if its side is gone or closed, or if it
 * would be late where it waits and the other side is clearly sooner.
 * @param waitedMs Milliseconds since the job's message was published.
 */
export function shouldMove(current: Route, choice: RouteChoice, waitedMs: number): boolean {
  if (choice.target === current.target) return false;
  const here = choice.predicted?.[current.target] ?? null;
  const there = choice.predicted?.[choice.target] ?? null;
  if (!there) return false;
  // The limit of cost is for new work. A job that was sent before stays, since it counts as paid for.
  if (current.target === 'run' && choice.predicted?.runClosed === 'over_budget') return false;
  if (!here) return true;
  // The prediction is for a job that comes now. This one has part of its delivery (such as a cold start) behind it.
  const hereMs = here.finishMs - Math.min(waitedMs, here.deliveryMs);
  const late = hereMs > (choice.predicted?.budgetMs ?? 0);
  return late && there.finishMs + marginMs < hereMs && current.epoch < mostMoves;
}

/** A waiting job, with the facts that a review needs. */
export interface Waiting extends Candidate {
  id: string;
  route: Route;
  /** Since its message was published, in milliseconds. */
  waitedMs: number;
}

/** The jobs that wait on each side, or some that follow one another there, and the work in progress. */
export interface Lines<Job extends Waiting> {
  /** In the order of their turns. */
  vm: readonly Job[];
  /** In the order of publishing. */
  run: readonly Job[];
  running: { vm: SideLedger; run: SideLedger };
  /** What waits before the first of each, by the ledger. */
  before: { vm: SideLedger; run: SideLedger };
}

export interface Move<Job extends Waiting> {
  job: Job;
  choice: RouteChoice;
}

/**
 * The waiting jobs that should go to the other side. Each is judged as if the moves before it had been made, by the work that
 * it and those before it are by what is known now, whatever their decisions expected.
 */
export function reviewLines<Job extends Waiting>(lines: Lines<Job>, given: Conditions): Move<Job>[] {
  const moves: Move<Job>[] = [];
  const known = knownWork(lines, given);
  const running = known.running.vm;
  let ahead = known.before.vm;
  let onRun = known.run.reduce((sum, job) => plus(sum, job.workMs), known.openOnRun);
  const staying: KnownWork<Job>[] = [];
  // The work is corrected already.
  let conditions = { ...given, state: { ...given.state, workRatio: { vm: 1, run: 1 } } };

  for (const { job, workMs } of known.vm) {
    const ledger: Ledger = { vm: { running, ahead }, run: onRun };
    const choice = decideRoute({ ...conditions, ...asked(job), ledger });
    if (shouldMove(job.route, choice, job.waitedMs)) {
      moves.push({ job, choice });
      onRun = plus(onRun, choice.workMs);
      conditions = { ...conditions, state: spentBy(conditions.state, choice) };
    } else {
      ahead = plus(ahead, workMs);
      staying.push({ job, workMs });
    }
  }

  let before = known.openOnRun;
  const arriving: KnownWork<Job>[] = [];
  for (const { job, workMs } of known.run) {
    const vmAhead = [...staying, ...arriving]
      .filter((other) => other.job.turnAt <= job.turnAt)
      .reduce((sum, other) => plus(sum, other.workMs), known.before.vm);
    const ledger: Ledger = { vm: { running, ahead: vmAhead }, run: before };
    const choice = decideRoute({ ...conditions, ...asked(job), ledger });
    if (shouldMove(job.route, choice, job.waitedMs)) {
      moves.push({ job, choice });
      arriving.push({ job, workMs: choice.workMs });
    } else before = plus(before, workMs);
  }
  return moves;
}

interface KnownWork<Job> {
  job: Job;
  workMs: number;
}

/** The lines with the work that the jobs are by what is known now. */
function knownWork<Job extends Waiting>({ vm, run, running, before }: Lines<Job>, conditions: Conditions) {
  const { learned, workRatio } = conditions.state;
  const corrected = (sum: SideLedger, target: Target): SideLedger => ({
    ...sum,
    workMs: sum.workMs * workRatio[target],
  });
  const onRun = corrected(running.run, 'run');
  const beforeOnRun = corrected(before.run, 'run');
  return {
    vm: vm.map((job) => ({ job, workMs: Math.round(vmServiceMs(job.operation, job.pixels, conditions)) })),
    run: run.map((job) => ({
      job,
      workMs: Math.round(estimateService(job.operation, job.pixels, [learned.run]).mean),
    })),
    running: { vm: corrected(running.vm, 'vm') },
    before: { vm: corrected(before.vm, 'vm') },
    openOnRun: { jobs: onRun.jobs + beforeOnRun.jobs, workMs: onRun.workMs + beforeOnRun.workMs },
  };
}

function plus({ jobs, workMs }: SideLedger, more: number): SideLedger {
  return { jobs: jobs + 1, workMs: workMs + more };
}

function asked({ operation, pixels, bytes, model, deadlineAt, turnAt }: Waiting): Candidate {
  return { operation, pixels, bytes, model, deadlineAt, turnAt };
}

/** A closer look is taken only if the mean service time plus this many standard deviations exceeds the time left. */
const caution = 2;

/** What a VM concludes about the first job in line from what it has learned itself, without a request. */
export interface FirstLook {
  /** The job may miss its deadline here and has not missed it yet: Cloud Run is worth a closer look. */
  mayBeLate: boolean;
  /** The later turn of a job that can no longer be in time here, so that others overtake it; null for any other. */
  laterTurn: Date | null;
}

/** @param io What jobs wait for here beside their slot; null where that is not known. */
export function lookAt(
  candidate: Candidate,
  learned: LearnedServices,
  now: Date,
  io: Quantiles | null = null,
): FirstLook {
  const { operation, pixels, deadlineAt } = candidate;
  const service = estimateService(operation, pixels, [learned]);
  const around = io === null ? { mean: 0, spread: 0 } : asLogNormal(io);
  const mean = service.mean + around.mean;
  const spread = Math.hypot(service.spread, around.spread);
  const leftMs = deadlineAt.getTime() - now.getTime();
  return {
    mayBeLate: leftMs > 0 && mean + caution * spread > leftMs,
    laterTurn: laterTurn(candidate, mean, now),
  };
}

/** The router's choice as if this worker were the only VM and idle: it would run the job now. */
export function decideFromHere(
  worker: string,
  { workers, ...conditions }: Conditions,
  candidate: Candidate,
  ledger: Ledger,
): RouteChoice {
  const visible = workers
    .filter(({ kind, id }) => kind === 'run' || id === worker)
    .map((each) => (each.id === worker ? { ...each, state: 'ready' as const, slots: 1, ageMs: 0 } : each));
  const here = { ...ledger, vm: { running: noWork, ahead: noWork } };
  return decideRoute({ ...conditions, workers: visible, ...candidate, ledger: here });
}
