import { PermanentError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { isOperationName, type OperationName } from '@spillway/core/operations.ts';
import { estimatePixels } from '@spillway/core/pixels.ts';
import type { Candidate, Conditions } from '@spillway/core/routing/question.ts';
import { type Steps, waitForAll } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';

/** Reads what a router has to know of the world. Throws `OutageError`. */
export function* readConditions(ports: Ports): Steps<Conditions> {
  const [settings, { workers }, state] = yield* waitForAll([
    ports.settings.routing(),
    ports.fleet.read(),
    ports.routerStates.read(),
  ]);
  return { now: ports.clock.now(), workers, state, settings };
}

/** The job as routing sees it. Throws `PermanentError` when this version knows no such operation. */
export function candidateOf(job: Job): Candidate {
  return {
    operation: knownOperation(job),
    pixels: estimatePixels(job.source),
    deadlineAt: job.deadlineAt,
    turnAt: job.route.turnAt ?? job.deadlineAt,
  };
}

function knownOperation({ operation }: Job): OperationName {
  if (!isOperationName(operation)) throw new PermanentError('unknown_operation');
  return operation;
}
