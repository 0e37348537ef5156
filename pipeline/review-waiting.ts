import { type Lines, type Move, reviewLines, type Waiting } from '@spillway/core/routing/moves.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { messageSeemsLost, unclaimedMs, waitedMs } from '@spillway/core/routing/waiting.ts';
import { begin, type Steps, waitFor, waitForAll, walkThrough } from '@spillway/core/steps.ts';
import { postponed } from '@spillway/core/transitions.ts';
import { candidateOf, readConditionsNow } from './conditions.ts';
import { publish } from './enqueue.ts';
import { whileHeld } from './held-lease.ts';
import { helpEach, type Resting } from './help-each.ts';
import { ofJob } from './log/of-job.ts';
import { moveJob } from './move.ts';
import type { GoneThrough } from './pass-over.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { updateRouterState } from './router-state.ts';
import { summariseFleet } from './summarise-fleet.ts';
import { traced } from './telemetry/traced.ts';

/** A sweep looks at no more than this number of jobs in each line. */
const lineLimit = 100;

export interface Reviewed {
  moved: number;
  republished: number;
  /** Jobs for which nothing could be done. */
  passedOver: number;
}

interface WaitingJob extends Waiting {
  stored: Stored;
}

/**
 * Brings up to date what routers know, moves what would be late where it waits, republishes what seems lost. Throws the
 * signal's reason once the sweep's lease is lost.
 */
export function* reviewWaiting(ports: Ports, resting: Resting, lost: AbortSignal): Steps<Reviewed> {
  const [before, vm, run, running] = yield* waitForAll([
    begin(readConditionsNow(ports)),
    ports.backlog.line('vm', lineLimit),
    ports.backlog.line('run', lineLimit),
    ports.sums.running(),
  ]);
  yield* summariseFleet(before, ports);
  const state = yield* updateRouterState(before, { line: run, running: running.run.jobs }, ports);
  const conditions = { ...before, state };
  const { passedOver, ...lines } = yield* linesOf({ vm, run, running }, conditions, ports, resting);
  const moves = reviewLines(lines, conditions);
  const moved = yield* makeMoves(moves, ports, resting, lost);
  lost.throwIfAborted();
  const republished = yield* republishLost(ports, resting, lost);
  return {
    moved: moved.done,
    republished: republished.done,
    passedOver: passedOver + moved.passedOver + republished.passedOver,
  };
}

/** The lines without jobs that are being decided. */
function* linesOf(
  { vm, run, running }: { vm: Stored[]; run: Stored[]; running: Lines['running'] },
  { now }: Conditions,
  ports: Ports,
  resting: Resting,
): Steps<Lines & { vm: WaitingJob[]; run: WaitingJob[]; passedOver: number }> {
  let passedOver = 0;
  function* waiting(line: Stored[]): Steps<WaitingJob[]> {
    const jobs: WaitingJob[] = [];
    const add = (stored: Stored): boolean => {
      const { job } = stored;
      if (job.route.reason === 'reserved') return false;
      const { id, route } = job;
      jobs.push({ ...candidateOf(job), id, route, waitedMs: waitedMs(job, now), stored });
      return true;
    };
    const gone = yield* helpEach(walkThrough(line), ports, (stored) => waitFor(add(stored)), resting);
    passedOver += gone.passedOver;
    return jobs;
  }
  return { vm: yield* waiting(vm), run: yield* waiting(run), running, passedOver };
}

function makeMoves(
  moves: Move<WaitingJob>[],
  ports: Ports,
  resting: Resting,
  lost: AbortSignal,
): Steps<GoneThrough> {
  const choices = new Map(moves.map(({ job, choice }) => [job.stored, choice]));
  return helpEach(
    whileHeld(walkThrough(choices.keys()), lost),
    ports,
    function* (stored) {
      const choice = choices.get(stored);
      return choice !== undefined && (yield* moveJob(stored, choice, ports));
    },
    resting,
  );
}

/** The lines above show only the first jobs of each, so these are read by the age of their messages. */
function* republishLost(ports: Ports, resting: Resting, lost: AbortSignal): Steps<GoneThrough> {
  const now = ports.clock.now();
  const waiting = yield* waitFor(ports.backlog.published(unclaimedMs, lineLimit));
  return yield* helpEach(
    whileHeld(walkThrough(waiting), lost),
    ports,
    function* (stored) {
      if (stored.job.route.reason === 'reserved' || !messageSeemsLost(stored.job, now)) return false;
      yield* traced('requeue', stored.job, () => publishAgain(stored, ports), ports);
      ports.log.warn({ ...ofJob(stored.job) }, 'Republished a job that nobody had claimed.');
      return true;
    },
    resting,
  );
}

function* publishAgain(stored: Stored, ports: Ports): Steps<void> {
  yield* publish(yield* inLine(stored, ports), ports);
}

/** An earlier version wrote jobs without a turn, and no line shows these. */
function* inLine(stored: Stored, ports: Ports): Steps<Stored> {
  if (stored.job.route.turnAt !== null) return stored;
  const inTurn = postponed(stored.job, stored.job.deadlineAt);
  return (yield* waitFor(ports.jobs.replace(stored, inTurn))) ?? stored;
}
