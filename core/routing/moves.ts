import { type Ledger, noWork, type Route, type SideLedger } from '../job.ts';
import type { RouteChoice } from '../transitions.ts';
import { decideRoute } from './policy.ts';
import type { Candidate, Conditions } from './question.ts';
import { estimateService, type LearnedServices } from './service-times.ts';
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

/** The jobs that wait on each side, and the work in progress there. */
export interface Lines {
  /** In the order of their turns. */
  vm: readonly Waiting[];
  /** In the order of publishing. */
  run: readonly Waiting[];
  running: { vm: SideLedger; run: SideLedger };
}

export interface Move<Job extends Waiting> {
  job: Job;
  choice: RouteChoice;
}

/**
 * The waiting jobs that should go to the other side. Each is judged as if the moves before it had been made.
 */
export function reviewLines<Job extends Waiting>(
  lines: Lines & { vm: readonly Job[]; run: readonly Job[] },
  conditions: Conditions,
): Move<Job>[] {
  const moves: Move<Job>[] = [];
  let ahead = noWork;
  let onRun = lines.run.reduce((sum, job) => plus(sum, job.route.workMs), lines.running.run);
  const staying: Waiting[] = [];

  for (const job of lines.vm) {
    const ledger: Ledger = { vm: { running: lines.running.vm, ahead }, run: onRun };
    const choice = decideRoute({ ...conditions, ...asked(job), ledger });
    if (shouldMove(job.route, choice, job.waitedMs)) {
      moves.push({ job, choice });
      onRun = plus(onRun, choice.workMs);
    } else {
      ahead = plus(ahead, job.route.workMs);
      staying.push(job);
    }
  }

  let before = lines.running.run;
  const arriving: Waiting[] = [];
  for (const job of lines.run) {
    const vmAhead = [...staying, ...arriving]
      .filter(({ turnAt }) => turnAt <= job.turnAt)
      .reduce((sum, { route }) => plus(sum, route.workMs), noWork);
    const ledger: Ledger = { vm: { running: lines.running.vm, ahead: vmAhead }, run: before };
    const choice = decideRoute({ ...conditions, ...asked(job), ledger });
    if (shouldMove(job.route, choice, job.waitedMs)) {
      moves.push({ job, choice });
      arriving.push({ ...job, route: { ...job.route, workMs: choice.workMs } });
    } else before = plus(before, job.route.workMs);
  }
  return moves;
}

function plus({ jobs, workMs }: SideLedger, more: number): SideLedger {
  return { jobs: jobs + 1, workMs: workMs + more };
}

function asked({ operation, pixels, bytes, model, deadlineAt, turnAt }: Waiting): Candidate {
  return { operation, pixels, bytes, model, deadlineAt, turnAt };
}

/** A closer look is taken only if the mean service time plus this many standard deviations exceeds the time left. */
const caution = 2;

/** What a VM concludes about the first job in line from its own service times, without a request. */
export interface FirstLook {
  /** The job may miss its deadline here and has not missed it yet: Cloud Run is worth a closer look. */
  mayBeLate: boolean;
  /** The later turn of a job that can no longer be in time here, so that others overtake it; null for any other. */
  laterTurn: Date | null;
}

export function lookAt(candidate: Candidate, learned: LearnedServices, now: Date): FirstLook {
  const { operation, pixels, deadlineAt } = candidate;
  const service = estimateService(operation, pixels, [learned]);
  const leftMs = deadlineAt.getTime() - now.getTime();
  return {
    mayBeLate: leftMs > 0 && service.mean + caution * service.spread > leftMs,
    laterTurn: laterTurn(candidate, service.mean, now),
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
