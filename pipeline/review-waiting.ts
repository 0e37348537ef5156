import { noWork } from '@spillway/core/job.ts';
import { waitsInLanes } from '@spillway/core/routing/lanes.ts';
import { type Lines, type Move, reviewLines, type Waiting } from '@spillway/core/routing/moves.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { waitedMs } from '@spillway/core/routing/waiting.ts';
import { begin, type Steps, waitFor, waitForAll, walkThrough } from '@spillway/core/steps.ts';
import { candidateOf } from './conditions.ts';
import { whileHeld } from './held-lease.ts';
import { helpEach, type Resting } from './help-each.ts';
import type { LeadersLook } from './leaders-look.ts';
import { moveJob } from './move.ts';
import type { GoneThrough } from './pass-over.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { updateRouterState } from './router-state.ts';

/** A sweep looks at no more than this number of jobs in each line. */
const lineLimit = 100;

interface WaitingJob extends Waiting {
  stored: Stored;
}

/**
 * Brings up to date what routers know, and moves what would be late where it waits. Throws the signal's reason once the
 * sweep's lease is lost.
 */
export function* reviewWaiting(
  ports: Ports,
  resting: Resting,
  lost: AbortSignal,
  look: LeadersLook,
): Steps<GoneThrough> {
  const [before, vm, run, running] = yield* waitForAll([
    begin(look.conditions()),
    ports.backlog.line('vm', lineLimit),
    ports.backlog.line('run', lineLimit),
    ports.sums.running(),
  ]);
  const state = yield* updateRouterState(before, { line: run, running: running.run.jobs }, vm, ports);
  const conditions = { ...before, state };
  const { passedOver, ...lines } = yield* linesOf({ vm, run, running }, conditions, ports, resting);
  const moves = reviewLines(lines, conditions);
  const moved = yield* makeMoves(moves, ports, resting, lost);
  const inLanes = yield* putInLanes(vm, ports, resting, lost);
  return { done: moved.done, passedOver: passedOver + moved.passedOver + inLanes.passedOver };
}

/** A job that a router of an earlier version decided is in no lane, where no slot would see it while others wait. */
function putInLanes(
  line: readonly Stored[],
  ports: Ports,
  resting: Resting,
  lost: AbortSignal,
): Steps<GoneThrough> {
  const without = line.filter(({ job }) => waitsInLanes(job) && job.route.lanes.length === 0);
  return helpEach(
    whileHeld(walkThrough(without), lost),
    ports,
    // Every replacement puts a job into its lanes.
    function* (stored) {
      return (yield* waitFor(ports.jobs.replace(stored, stored.job))) !== null;
    },
    resting,
  );
}

/** The lines without jobs that are being decided. */
function* linesOf(
  { vm, run, running }: { vm: Stored[]; run: Stored[]; running: Lines<WaitingJob>['running'] },
  { now }: Conditions,
  ports: Ports,
  resting: Resting,
): Steps<Lines<WaitingJob> & { passedOver: number }> {
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
  return {
    vm: yield* waiting(vm),
    run: yield* waiting(run),
    running,
    before: { vm: noWork, run: noWork },
    passedOver,
  };
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
