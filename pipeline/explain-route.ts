import type { JobClass } from '@spillway/core/job.ts';
import type { OperationName } from '@spillway/core/operations.ts';
import { decideRoute } from '@spillway/core/routing/policy.ts';
import { begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import { type JobRequest, type RouteChoice, reserved } from '@spillway/core/transitions.ts';
import { candidateOf, readConditions } from './conditions.ts';
import { newJob, turnFor } from './enqueue.ts';
import type { Ports } from './ports/ports.ts';
import { withSpendingSince } from './spending.ts';

/** What routers would do with a picture that is not there. */
export interface RouteExplanation {
  choice: RouteChoice;
  class: JobClass;
  /** Pixels as routers guess them. */
  pixels: number;
  deadlineAt: Date;
  /** It would be recorded with one write, and decided by the next sweep. */
  deferred: boolean;
  at: Date;
}

/**
 * The decision about a job that comes now, by the code that decides in earnest and on the world as it is, without a word
 * written: nothing is reserved, so nothing is ahead of others. It reads two documents and five sums. Throws
 * `OutageError`, and `PermanentError` where this version knows no such operation.
 */
export function* explainRoute(
  request: JobRequest & { operation: OperationName },
  ports: Ports,
): Steps<RouteExplanation> {
  const seen = yield* readConditions(ports);
  const job = reserved(newJob(request, seen, ports), seen.now);
  const candidate = candidateOf(job);
  const { deadlineAt } = job;
  const [ownerAheadMs, { running, run }, conditions] = yield* waitForAll([
    ports.sums.ownerOpen(job.owner, deadlineAt),
    ports.sums.besideLine(),
    begin(withSpendingSince(seen, ports)),
  ]);
  const turnAt = turnFor(candidate, job, ownerAheadMs, conditions);
  const ahead = yield* waitFor(ports.sums.waitingBefore('vm', turnAt));
  const choice = decideRoute({
    ...conditions,
    ...candidate,
    turnAt,
    ledger: { vm: { running, ahead }, run },
  });
  return {
    choice,
    class: job.class,
    pixels: candidate.pixels,
    deadlineAt,
    deferred: job.class === 'bulk',
    at: conditions.now,
  };
}
