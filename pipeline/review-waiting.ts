import { noWork, type SideLedger, type Target } from '@spillway/core/job.ts';
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

/**
 * A sweep looks at this number of jobs at the front of each line, and at as many further back: there it goes on from one sweep
 * to the next.
 */
const lineLimit = 100;
/** The last day that Firestore holds. */
const endOfTime = new Date('9999-12-31');

/** What a process remembers from one review to the next. */
export interface ReviewMemory {
  resting: Resting;
  /** The last job that was read further back, by line. */
  places: Map<string, Stored>;
}

interface WaitingJob extends Waiting {
  stored: Stored;
}

/**
 * Brings up to date what routers know, and moves what would be late where it waits. Throws the signal's reason once the
 * sweep's lease is lost.
 */
export function* reviewWaiting(
  ports: Ports,
  memory: ReviewMemory,
  lost: AbortSignal,
  look: LeadersLook,
): Steps<GoneThrough> {
  const { resting } = memory;
  const [before, vm, run, running] = yield* waitForAll([
    begin(look.conditions()),
    ports.backlog.line('vm', lineLimit),
    ports.backlog.line('run', lineLimit),
    ports.sums.running(),
  ]);
  const state = yield* updateRouterState(before, { line: run, running: running.run.jobs }, vm, ports);
  const conditions = { ...before, state };
  const review = { conditions, ports, resting, lost };
  const first = { vm, run, running, before: { vm: noWork, run: noWork } };
  const gone = [yield* reviewPart(first, review)];
  for (const target of ['vm', 'run'] as const) {
    const further = yield* furtherBack(target, first[target], running, memory.places, ports);
    if (further) gone.push(yield* reviewPart(further, review));
  }
  return gone.reduce((sum, each) => ({
    done: sum.done + each.done,
    passedOver: sum.passedOver + each.passedOver,
  }));
}

/** Some jobs of the lines that follow one another. */
interface LinesPart extends Pick<Lines<WaitingJob>, 'running' | 'before'> {
  vm: Stored[];
  run: Stored[];
}

interface Review {
  conditions: Conditions;
  ports: Ports;
  resting: Resting;
  lost: AbortSignal;
}

function* reviewPart(part: LinesPart, { conditions, ports, resting, lost }: Review): Steps<GoneThrough> {
  const { passedOver, ...lines } = yield* linesOf(part, conditions, ports, resting);
  const moves = reviewLines(lines, conditions);
  const moved = yield* makeMoves(moves, ports, resting, lost);
  const inLanes = yield* putInLanes(part.vm, ports, resting, lost);
  return { done: moved.done, passedOver: passedOver + moved.passedOver + inLanes.passedOver };
}

/**
 * The next jobs of a line that are further back than its first hundred, with what waits before them; null where there are
 * none. A fleet of hundreds of slots takes the first hundred within a second, and Cloud Run needs longer than that.
 */
function* furtherBack(
  target: Target,
  first: readonly Stored[],
  running: LinesPart['running'],
  places: Map<string, Stored>,
  { backlog, sums }: Ports,
): Steps<LinesPart | null> {
  const name = `line of ${target}`;
  const lastOfFirst = first.at(-1);
  if (!lastOfFirst || first.length < lineLimit) {
    places.delete(name);
    return null;
  }
  const place = places.get(name) ?? lastOfFirst;
  const after = placeIn(target, place) > placeIn(target, lastOfFirst) ? place : lastOfFirst;
  const jobs = yield* waitFor(backlog.line(target, lineLimit, after));
  const [next, last] = [jobs[0], jobs.at(-1)];
  if (jobs.length < lineLimit || !last) places.delete(name);
  else places.set(name, last);
  if (!next) return null;
  if (target === 'vm') {
    const [vm, run] = yield* waitForAll([
      sums.waitingBefore('vm', turnOf(next)),
      sums.waitingBefore('run', endOfTime),
    ]);
    // Of many jobs with one turn, none is before another by the ledger.
    const before = vm.jobs < first.length ? workOf(first) : vm;
    return { vm: jobs, run: [], running, before: { vm: before, run } };
  }
  // By the latest turn among them: less would make the VMs look sooner than they are.
  const latest = new Date(Math.max(...jobs.map((stored) => turnOf(stored).getTime())));
  const [vm, { run }] = yield* waitForAll([
    sums.waitingBefore('vm', latest),
    sums.ledger(next, turnOf(next)),
  ]);
  // Of what was created before, some is claimed, and is counted as such.
  const waiting = {
    jobs: Math.max(0, run.jobs - running.run.jobs),
    workMs: Math.max(0, run.workMs - running.run.workMs),
  };
  return { vm: [], run: jobs, running, before: { vm, run: waiting } };
}

function workOf(jobs: readonly Stored[]): SideLedger {
  return { jobs: jobs.length, workMs: jobs.reduce((sum, { job }) => sum + job.route.workMs, 0) };
}

function turnOf({ job }: Stored): Date {
  return job.route.turnAt ?? job.deadlineAt;
}

function placeIn(target: Target, stored: Stored): number {
  const time = target === 'vm' ? turnOf(stored) : stored.job.publishedAt;
  return time?.getTime() ?? 0;
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
  { vm, run, running, before }: LinesPart,
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
    before,
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
