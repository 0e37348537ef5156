import { internalFault, judgeAttempt, unprocessable } from '@spillway/core/attempt-verdict.ts';
import type { MachineError } from '@spillway/core/errors.ts';
import { largestFile } from '@spillway/core/file-size.ts';
import type { AttemptFailure, Job, JobError } from '@spillway/core/job.ts';
import { isOperationName } from '@spillway/core/operations.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import type { GiveBackReason } from '@spillway/core/telemetry-metrics.ts';
import * as transitions from '@spillway/core/transitions.ts';
import { changeJob } from './change-job.ts';
import { publish } from './enqueue.ts';
import type { Executor } from './executor.ts';
import { ofJob } from './log/of-job.ts';
import { claimLost, givenBack, type Outcome } from './outcome.ts';
import type { Stored } from './ports/jobs.ts';
import { recordFailure, removeLeftovers, withFencingToken } from './record.ts';
import { tellGivenBack } from './telemetry/facts.ts';

/** A job that met an outage lets others pass for this long, in milliseconds. */
const outageMs = 5_000;

/**
 * Ends a job whose attempt failed, or gives it back. An attempt that was cut off by a machine's fault, an outage or the
 * worker's departure does not count. A job that ends by its input's fault says so, because breakers must not count it.
 * Throws `OutageError`.
 */
export function* settleFailure(job: Job, token: string, error: unknown, executor: Executor): Steps<Outcome> {
  const settling = { job, token, thrown: error, executor };
  const { maxAttempts, leaving, ports } = executor;
  const verdict = judgeAttempt(job, error, { maxAttempts, leaving: leaving.aborted, now: ports.clock.now() });
  switch (verdict.kind) {
    case 'ends':
      return yield* end(verdict.error, settling);
    case 'ends_at_last':
      return yield* end({ ...verdict.error, blame: yield* blame(settling) }, settling);
    case 'repeats':
      if ((yield* blame(settling)) !== 'place') return yield* end(unprocessable, settling);
      return yield* verdict.isLast ? end(internalFault, settling) : tryAgain(verdict.failure, settling);
    case 'tried_again':
      return yield* tryAgain(verdict.failure, settling);
    case 'handed_back':
      return yield* handBack(verdict.why, settling);
    case 'left_by_machine':
      return yield* leaveToOthers(verdict.fault, settling);
    default:
      return verdict satisfies never;
  }
}

interface Settling {
  job: Job;
  token: string;
  thrown: unknown;
  executor: Executor;
}

function end(error: JobError, { job, token, thrown, executor }: Settling): Steps<Outcome> {
  const { code, blame } = error;
  executor.ports.log.warn({ ...ofJob(job), code, blame, error: thrown }, 'The job failed.');
  return recordFailure(job, error, withFencingToken(token), executor.ports);
}

/** Finds out with the worker's own picture whether the same operation works here at all. */
function* blame({ job, executor }: Settling): Steps<NonNullable<JobError['blame']>> {
  const { testOperation, ports } = executor;
  if (!testOperation || !isOperationName(job.operation)) return 'unknown';
  let problem: string | null;
  try {
    problem = yield* waitFor(testOperation(job.operation));
  } catch (error) {
    problem = String(error);
  }
  if (problem === null) return 'input';
  ports.log.error({ ...ofJob(job), problem }, 'A job failed, and so did the test picture.');
  return 'place';
}

function* tryAgain(failure: AttemptFailure, settling: Settling): Steps<Outcome> {
  const { job, thrown, executor } = settling;
  const { worker, target, ports } = executor;
  const back = (current: Job, now: Date) => transitions.attemptFailed(current, failure, worker, now);
  const stored = yield* giveBack('attempt_failed', back, settling);
  if (!stored) return claimLost;
  // Pub/Sub slows down all pushes after a refused one. A new message avoids that, because the endpoint is not at fault.
  const wantsNew = target === 'run' || lacksMessage(executor);
  if (wantsNew) yield* publish(stored, ports);
  return givenBack(thrown, { failed: job, ack: wantsNew });
}

/** Whether no message would come again for the job: a VM took it from the line, where nobody may look soon. */
function lacksMessage({ hasMessage = true }: Executor): boolean {
  return !hasMessage;
}

function handBack(why: 'outage' | 'leaving', settling: Settling): Steps<Outcome> {
  const { target, pulls = false } = settling.executor;
  switch (target) {
    case 'vm':
      return handBackToLine(why, settling);
    case 'run':
      return pulls ? handBackToQueue(why, settling) : handBackToPush(why, settling);
    default:
      return target satisfies never;
  }
}

/** The message comes again, or a new one does, and is a turn for whatever is first in line then. */
function* handBackToLine(why: 'outage' | 'leaving', settling: Settling): Steps<Outcome> {
  const wantsNew = lacksMessage(settling.executor);
  const back = (current: Job, now: Date) => {
    // During an outage the sweep gives it a message, so that the service gets some time.
    const next = transitions.handedBack(current, why, wantsNew && why === 'outage' ? null : now, now);
    // A service that fails for this job may work for others, so they go first.
    return why === 'outage' ? transitions.postponed(next, outageTurn(current, now)) : next;
  };
  const stored = yield* giveBack(why, back, settling);
  if (!stored) return claimLost;
  if (wantsNew && why === 'leaving') yield* publish(stored, settling.executor.ports);
  return givenBack(settling.thrown, { ack: wantsNew });
}

/**
 * Another instance is given a new message: at once where this one leaves, else by the next sweep, so that the service
 * gets some time. The old message is forgotten, since a refused push would hold back everybody's jobs.
 */
function* handBackToPush(why: 'outage' | 'leaving', settling: Settling): Steps<Outcome> {
  const back = (current: Job, now: Date) =>
    transitions.handedBack(current, why, why === 'leaving' ? now : null, now);
  const stored = yield* giveBack(why, back, settling);
  if (!stored) return claimLost;
  if (why === 'leaving') yield* publish(stored, settling.executor.ports);
  return givenBack(settling.thrown, { ack: true });
}

/** The same message comes again after a pause. The job goes on waiting, so that routers see that nobody takes it. */
function* handBackToQueue(why: 'outage' | 'leaving', settling: Settling): Steps<Outcome> {
  const back = (current: Job, now: Date) => transitions.handedBack(current, why, current.publishedAt, now);
  const stored = yield* giveBack(why, back, settling);
  return stored ? givenBack(settling.thrown) : claimLost;
}

function* leaveToOthers(fault: MachineError, settling: Settling): Steps<Outcome> {
  const { job, thrown, executor } = settling;
  const back = (current: Job, now: Date) => transitions.leftByMachine(current, executor.worker, now);
  const lack = { what: fault.lack, wantedBytes: Math.min(job.source.size, largestFile) };
  const stored = yield* giveBack('machine', back, settling);
  if (!stored) return claimLost;
  const wantsNew = lacksMessage(executor);
  if (wantsNew) yield* publish(stored, executor.ports);
  return givenBack(thrown, { lack, ack: wantsNew });
}

/** Puts the job back into its line. Null where the claim is lost; what was made under it is then removed. */
function* giveBack(
  why: GiveBackReason,
  transition: (current: Job, now: Date) => Job,
  { job, token, thrown, executor }: Settling,
): Steps<Stored | null> {
  const { ports } = executor;
  const stored = yield* changeJob(ports.jobs, job.id, (current) =>
    transitions.holds(current, token) ? transition(current, ports.clock.now()) : null,
  );
  if (!stored) {
    yield* removeLeftovers(job.id, ports);
    return null;
  }
  tellGivenBack(job, why, ports);
  const { attempt } = job;
  ports.log.warn({ ...ofJob(job), attempt, error: thrown }, 'The attempt failed; the job is given back.');
  return stored;
}

/** Not earlier than the job's turn was, and not before `outageMs` have passed. */
function outageTurn({ route, deadlineAt }: Job, now: Date): Date {
  return new Date(Math.max((route.turnAt ?? deadlineAt).getTime(), now.getTime() + outageMs));
}
