import { PermanentError, RefusedError } from '@spillway/core/errors.ts';
import { schemaVersion } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import { type Lanes, wholeLine } from '@spillway/core/routing/lanes.ts';
import { decideFromHere, lookAt, shouldMove } from '@spillway/core/routing/moves.ts';
import type { Quantiles } from '@spillway/core/routing/quantiles.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import type { LearnedServices } from '@spillway/core/routing/service-times.ts';
import { waitedMs } from '@spillway/core/routing/waiting.ts';
import { begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import { shouldLeaveToOthers, postponed as withTurn } from '@spillway/core/transitions.ts';
import { type ClaimAnswer, type Claimant, claimAsRead, claimJob } from './claim.ts';
import { candidateOf, readConditions } from './conditions.ts';
import type { LineMemory } from './line-memory.ts';
import { ofJob } from './log/of-job.ts';
import { moveJob } from './move.ts';
import { passOver } from './pass-over.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { withSpendingSince } from './spending.ts';

/** This number of jobs is read from a line, because another worker may be quicker to claim one. */
const choices = 4;
/** Where nothing in time is among them, it is read again, four times as far, but not further than this. */
const mostChoices = 64;
/** The line is read this number of times while others are quicker with all that was read. */
const mostLooks = 12;
/** For this time after it was published, in milliseconds, a job's own message is on its way to a slot. */
const messageOnItsWayMs = 500;

export interface Taker extends Claimant {
  ports: Ports;
  /** What this worker has learned of its own service times. */
  learned: () => LearnedServices;
  /** What its jobs wait for beside their slot; null where nothing was learned of that. */
  io?: () => Quantiles | null;
  /** Shared by all slots of this worker. */
  line: LineMemory;
}

/**
 * Claims what a VM should do next. On the VMs a message is a turn and not a job: Pub/Sub keeps no order, so a worker with
 * a message takes a waiting job whose turn comes first, which need not be the job that the message names. There are as many
 * messages as jobs; a job that was taken by another's turn leaves its message as a turn for the next.
 * Throws `OutageError`.
 */
export function* claimInTurn(message: JobMessage, taker: Taker): Steps<ClaimAnswer> {
  return (yield* claimFirstInLine(taker, message.jobId)) ?? (yield* claimJob(message, taker));
}

/**
 * Claims the waiting job whose turn comes first in the part of the line that this worker looks at; null where none waits
 * there, nor, as far as is known, in all of the line. A job that would be late on this VM but not on Cloud Run is moved
 * there. A job that is late on both lets those pass that are not. Throws `OutageError`.
 * @param named The job that a message names.
 */
export function* claimFirstInLine(taker: Taker, named: string | null = null): Steps<ClaimAnswer | null> {
  const { line, ports } = taker;
  let look: Look | null = { lanes: line.choose(named), limit: choices };
  let late: LateJob[] = [];
  for (let looks = 0; look !== null && looks < mostLooks; looks++) {
    const seen: Seen = yield* takeFrom(look, named, taker);
    if (seen.answer) return seen.answer;
    late = seen.late;
    look = nextLook(look, seen, taker);
  }
  if (late.length > 0) line.noteAllLate(ports.clock.now());
  for (const { stored } of late) {
    const answer = yield* tryToClaim(stored, taker);
    if (answer) return answer;
  }
  return null;
}

/** What is read of the line at once. */
interface Look {
  lanes: Lanes;
  limit: number;
}

/** What a look has given. */
interface Seen {
  /** Null where nothing was claimed. */
  answer: ClaimAnswer | null;
  /** There may be more where this was. */
  isFull: boolean;
  /** Late jobs for which nothing in time was claimed. */
  late: LateJob[];
  /** Late jobs have let pass what others were then quicker with. */
  postponed: boolean;
  /** Jobs that this worker may take. */
  ready: number;
  /** Jobs that another slot of this worker is about to claim. */
  trying: number;
  /** Jobs with which others were quicker. */
  lost: number;
}

/** Claims the first that it can of what a look gives. */
function* takeFrom(look: Look, named: string | null, taker: Taker): Steps<Seen> {
  const { line, ports } = taker;
  const found = yield* read(look, taker);
  const free = found.filter(({ job }) => !line.trying.has(job.id));
  const ready = free.filter((each) => isReady(each, taker));
  const seen: Seen = {
    answer: null,
    isFull: found.length >= look.limit,
    late: [],
    postponed: false,
    ready: ready.length,
    trying: found.length - free.length,
    lost: 0,
  };
  for (const stored of candidates(ready, look, seen.isFull ? null : named, taker)) {
    const closer = yield* lookCloser(stored, taker);
    if (closer.kind === 'gone') continue;
    if (closer.kind === 'late') {
      seen.late.push({ stored, turnAt: closer.turnAt });
      continue;
    }
    yield* postpone(seen.late, ports);
    seen.postponed ||= seen.late.length > 0;
    seen.answer = yield* tryToClaim(stored, taker);
    if (seen.answer) return seen;
    seen.late = [];
    seen.lost++;
  }
  return seen;
}

/**
 * In the order in which they are tried. Where slots would run into each other, a job of a short line is left to the slot
 * that its message brings, and the whole line is not tried from its front.
 * @param own The job of this slot's message, where the line is short.
 */
function candidates(ready: Stored[], { lanes }: Look, own: string | null, { line, ports }: Taker): Stored[] {
  if (lanes.of === 1 && line.isContended) {
    const now = ports.clock.now();
    const isLeft = ({ job }: Stored) =>
      job.publishedAt !== null && job.id !== own && waitedMs(job, now) < messageOnItsWayMs;
    return line.shuffled(ready.filter((each) => !isLeft(each)));
  }
  if (lanes.of === 1) return ready;
  const isOwn = ({ job }: Stored) => job.id === own;
  return [...ready.filter(isOwn), ...ready.filter((each) => !isOwn(each))];
}

/** Null where there is nothing more to look at. */
function nextLook({ lanes, limit }: Look, seen: Seen, { line, ports }: Taker): Look | null {
  const isWhole = lanes.of === 1;
  const mayHaveMore = !isWhole || seen.isFull || seen.postponed;
  const now = ports.clock.now();
  if (seen.late.length > 0) {
    if (line.isAllLate(now) || !mayHaveMore) return null;
    return seen.isFull || isWhole ? further(lanes, limit) : { lanes: wholeLine, limit };
  }
  if (seen.lost > 0) {
    if (!mayHaveMore) return null;
    if (seen.isFull) line.lostAll();
    return { lanes: line.choose(null), limit };
  }
  if (seen.trying > 0 && seen.isFull && line.isContended) return { lanes: line.choose(null), limit };
  if (!isWhole) return line.isWholeDue(now) ? { lanes: wholeLine, limit } : null;
  if (!mayHaveMore) return null;
  // What was left to others is not all there is.
  return seen.ready > 0 && line.isContended ? { lanes: line.choose(null), limit } : further(lanes, limit);
}

function further(lanes: Lanes, limit: number): Look | null {
  return 4 * limit > mostChoices ? null : { lanes, limit: 4 * limit };
}

function* read({ lanes, limit }: Look, { line, ports }: Taker): Steps<Stored[]> {
  const from = line.from(ports.clock.now());
  const found = yield* waitFor(ports.backlog.heads(lanes, limit, from));
  line.noteReading(found, lanes, from, ports.clock.now());
  return found;
}

/**
 * Null where another has the job, or where the database refuses this claim. The jobs behind it then have their turn, and
 * the sweep helps one that was refused.
 */
function* tryToClaim(stored: Stored, taker: Taker): Steps<ClaimAnswer | null> {
  const { line } = taker;
  const { id } = stored.job;
  // Since it was read, a slot of this worker may have begun to claim it.
  if (line.trying.has(id)) return null;
  line.trying.add(id);
  try {
    const answer = yield* claimAsRead(stored, stored.job.route.epoch, taker);
    if (answer.kind === 'claimed') line.won();
    if (answer.kind === 'changed') line.lost();
    return answer.kind === 'changed' || answer.kind === 'dropped' ? null : answer;
  } catch (error) {
    return yield* passIfRefused(stored, error, taker);
  } finally {
    line.trying.delete(id);
  }
}

function* passIfRefused({ job }: Stored, error: unknown, { ports }: Taker): Steps<null> {
  if (!(error instanceof RefusedError && error.scope === 'request')) throw error;
  yield* passOver({ task: 'sweep', item: `${objectAddress(job.source)} (job ${job.id})` }, error, ports);
  return null;
}

interface LateJob {
  stored: Stored;
  turnAt: Date;
}

/**
 * Whether this worker may take the job: this version knows it, and this worker has not just failed it.
 */
function isReady({ job }: Stored, { worker, ports }: Taker): boolean {
  if (job.schemaVersion > schemaVersion) return false;
  return !shouldLeaveToOthers(job, worker, ports.clock.now());
}

type CloserLook =
  /** It is to be done now. */
  | { kind: 'due' }
  /** It is late on both sides, and lets others pass until this later turn. */
  | { kind: 'late'; turnAt: Date }
  /** It was moved to Cloud Run, or the database refuses what has to be asked about it. */
  | { kind: 'gone' };

function* lookCloser(stored: Stored, taker: Taker): Steps<CloserLook> {
  try {
    const { mayBeLate, laterTurn } = lookAt(
      candidateOf(stored.job),
      taker.learned(),
      taker.ports.clock.now(),
      taker.io?.() ?? null,
    );
    if (mayBeLate && (yield* moveIfSooner(stored, taker))) return { kind: 'gone' };
    return laterTurn ? { kind: 'late', turnAt: laterTurn } : { kind: 'due' };
  } catch (error) {
    // A job that this version does not know ends when it is executed.
    if (error instanceof PermanentError) return { kind: 'due' };
    yield* passIfRefused(stored, error, taker);
    return { kind: 'gone' };
  }
}

/** Lets others pass. A job that somebody else has changed since it was read keeps its turn. */
function* postpone(late: LateJob[], ports: Ports): Steps<void> {
  yield* waitForAll(late.map((each) => begin(postponeOne(each, ports))));
}

function* postponeOne({ stored, turnAt }: LateJob, { jobs, log }: Ports): Steps<void> {
  try {
    yield* waitFor(jobs.replace(stored, withTurn(stored.job, turnAt)));
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    log.warn({ ...ofJob(stored.job), error }, 'A late job keeps its turn: a later one was refused.');
  }
}

function* conditionsToMove(ports: Ports): Steps<Conditions> {
  return yield* withSpendingSince(yield* readConditions(ports), ports);
}

function* moveIfSooner(stored: Stored, { ports, worker }: Taker): Steps<boolean> {
  const candidate = candidateOf(stored.job);
  const [conditions, ledger] = yield* waitForAll([
    begin(conditionsToMove(ports)),
    ports.sums.ledger(stored, candidate.turnAt),
  ]);
  // A worker whose heartbeat is not believed would find no VM at all.
  if (!conditions.workers.some(({ id }) => id === worker)) return false;
  const choice = decideFromHere(worker, conditions, candidate, ledger);
  const move = shouldMove(stored.job.route, choice, waitedMs(stored.job, conditions.now));
  return move && (yield* moveJob(stored, choice, ports));
}
