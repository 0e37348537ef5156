import { PermanentError, RefusedError } from '@spillway/core/errors.ts';
import { type Job, schemaVersion } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import { decideFromHere, lookAt, shouldMove } from '@spillway/core/routing/moves.ts';
import type { LearnedServices } from '@spillway/core/routing/service-times.ts';
import { waitedMs } from '@spillway/core/routing/waiting.ts';
import { begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import { shouldLeaveToOthers, postponed as withTurn } from '@spillway/core/transitions.ts';
import { type ClaimAnswer, type Claimant, claimJob } from './claim.ts';
import { candidateOf, readConditions } from './conditions.ts';
import { ofJob } from './log/of-job.ts';
import { moveJob } from './move.ts';
import { passOver } from './pass-over.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';

/** This number of jobs is read from the head of the line, because another worker may be quicker to claim one. */
const choices = 4;
/** The line is read this number of times, each time four times as far, while nothing that was read can be claimed. */
const mostReadings = 3;

export interface Taker extends Claimant {
  ports: Ports;
  /** What this worker has learned of its own service times. */
  learned: () => LearnedServices;
}

/**
 * Claims what a VM should do next. On the VMs a message is a turn and not a job: Pub/Sub keeps no order, so a worker with
 * a message takes the waiting job whose turn comes first, which need not be the job that the message names. There are as many
 * messages as jobs; a job that was taken by another's turn leaves its message as a turn for the next.
 * Throws `OutageError`.
 */
export function* claimInTurn(message: JobMessage, taker: Taker): Steps<ClaimAnswer> {
  return (yield* claimFirstInLine(taker)) ?? (yield* claimJob(message, taker));
}

/**
 * Claims the waiting job whose turn comes first; null where none waits. A job that would be late on this VM but
 * not on Cloud Run is moved there. A job that is late on both lets those pass that are not. Throws
 * `OutageError`.
 */
export function* claimFirstInLine(taker: Taker): Steps<ClaimAnswer | null> {
  let late: LateJob[] = [];
  for (let reading = 0; reading < mostReadings; reading++) {
    const most = choices * 4 ** reading;
    const line = yield* waitFor(taker.ports.backlog.line('vm', most));
    late = [];
    let postponed = false;
    for (const stored of line.filter((each) => isReady(each, taker))) {
      const look = yield* lookCloser(stored, taker);
      if (look.kind === 'gone') continue;
      if (look.kind === 'late') {
        late.push({ stored, turnAt: look.turnAt });
        continue;
      }
      yield* postpone(late, taker.ports);
      postponed ||= late.length > 0;
      const answer = yield* claimUnlessRefused(stored, taker);
      if (answer && answer.kind !== 'dropped') return answer;
      late = [];
    }
    // Where others were quicker with what was in time, those that let it pass are still there.
    if (line.length < most && !postponed) break;
  }
  for (const { stored } of late) {
    const answer = yield* claimUnlessRefused(stored, taker);
    if (answer && answer.kind !== 'dropped') return answer;
  }
  return null;
}

/**
 * Null where the database refuses this claim. The jobs behind it then have their turn, and the sweep helps this
 * one.
 */
function* claimUnlessRefused(stored: Stored, taker: Taker): Steps<ClaimAnswer | null> {
  try {
    return yield* claimJob(messageOf(stored.job), taker, stored);
  } catch (error) {
    return yield* passIfRefused(stored, error, taker);
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

function messageOf({ id, route }: Job): JobMessage {
  return { schemaVersion, jobId: id, epoch: route.epoch };
}

/**
 * Whether this worker may take the job: its route is decided, this version knows it, and this worker has not
 * just failed it.
 */
function isReady({ job }: Stored, { worker, ports }: Taker): boolean {
  if (job.route.reason === 'reserved' || job.schemaVersion > schemaVersion) return false;
  return !shouldLeaveToOthers(job, worker, ports.clock.now());
}

type Look =
  /** It is to be done now. */
  | { kind: 'due' }
  /** It is late on both sides, and lets others pass until this later turn. */
  | { kind: 'late'; turnAt: Date }
  /** It was moved to Cloud Run, or the database refuses what has to be asked about it. */
  | { kind: 'gone' };

function* lookCloser(stored: Stored, taker: Taker): Steps<Look> {
  try {
    const { mayBeLate, laterTurn } = lookAt(
      candidateOf(stored.job),
      taker.learned(),
      taker.ports.clock.now(),
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

function* moveIfSooner(stored: Stored, { ports, worker }: Taker): Steps<boolean> {
  const candidate = candidateOf(stored.job);
  const [conditions, ledger] = yield* waitForAll([
    begin(readConditions(ports)),
    ports.sums.ledger(stored, candidate.turnAt),
  ]);
  // A worker whose heartbeat is not believed would find no VM at all.
  if (!conditions.workers.some(({ id }) => id === worker)) return false;
  const choice = decideFromHere(worker, conditions, candidate, ledger);
  const move = shouldMove(stored.job.route, choice, waitedMs(stored.job, conditions.now));
  return move && (yield* moveJob(stored, choice, ports));
}
