import type { Ledger, Route, SideLedger } from '../job.ts';
import type { RouteChoice } from '../transitions.ts';
import { type Candidate, type Conditions, decideRoute } from './decide-route.ts';
import { shouldMove } from './should-move.ts';

/** A job that waits, with what a review needs of it. */
export interface Waiting extends Candidate {
  id: string;
  route: Route;
  /** Since its message was published, in milliseconds. */
  waitedMs: number;
}

/** What waits on each side, and what is in progress there. */
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
 * Which waiting jobs should go to the other side: those that would be late where they wait, or whose side is gone.
 * Each is judged with the moves before it made.
 */
export function reviewLines<Job extends Waiting>(
  lines: Lines & { vm: readonly Job[]; run: readonly Job[] },
  conditions: Conditions,
): Move<Job>[] {
  const moves: Move<Job>[] = [];
  let ahead = nothing;
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
      .reduce((sum, { route }) => plus(sum, route.workMs), nothing);
    const ledger: Ledger = { vm: { running: lines.running.vm, ahead: vmAhead }, run: before };
    const choice = decideRoute({ ...conditions, ...asked(job), ledger });
    if (shouldMove(job.route, choice, job.waitedMs)) {
      moves.push({ job, choice });
      arriving.push({ ...job, route: { ...job.route, workMs: choice.workMs } });
    } else before = plus(before, job.route.workMs);
  }
  return moves;
}

const nothing: SideLedger = { jobs: 0, workMs: 0 };

function plus({ jobs, workMs }: SideLedger, more: number): SideLedger {
  return { jobs: jobs + 1, workMs: workMs + more };
}

function asked({ operation, pixels, deadlineAt, turnAt }: Waiting): Candidate {
  return { operation, pixels, deadlineAt, turnAt };
}

/**
 * The one job that tries out a Cloud Run on probation: the first that would be better off there. Null where there is
 * none, or one is out already.
 */
export function findProbe<Job extends Waiting>(
  lines: Lines & { vm: readonly Job[] },
  { state, ...conditions }: Conditions,
): Move<Job> | null {
  const { breaker } = state;
  if (breaker.state !== 'probing' || breaker.probe !== null) return null;
  const ifOpen = { ...conditions, state: { ...state, breaker: { ...breaker, state: 'closed' as const } } };
  const [move] = reviewLines({ ...lines, run: [] }, ifOpen);
  if (!move) return null;
  const explanation = `It tries out Cloud Run, which was paused. ${move.choice.explanation}`;
  return { job: move.job, choice: { ...move.choice, reason: 'run_probe', explanation } };
}
