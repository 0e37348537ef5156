import { PermanentError } from '@spillway/core/errors.ts';
import type { Worker } from '@spillway/core/heartbeat.ts';
import type { Job } from '@spillway/core/job.ts';
import { modelsEverywhere } from '@spillway/core/models.ts';
import { isOperationName, manifestOf, type OperationName } from '@spillway/core/operations.ts';
import { estimatePixels } from '@spillway/core/pixels.ts';
import type { Candidate, Conditions } from '@spillway/core/routing/question.ts';
import { type Steps, waitForAll } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';

/** What a router has to know of the world, as it was within the last seconds. Throws `OutageError`. */
export function* readConditions(ports: Ports): Steps<Conditions> {
  const [settings, workers, state] = yield* waitForAll([
    ports.settings.routing(),
    ports.recent.workers(),
    ports.recent.routerState(),
  ]);
  return { now: ports.clock.now(), workers, state, settings, reach: ports.runReach };
}

/** Conditions with whole heartbeats. */
export interface ConditionsNow extends Conditions {
  workers: readonly Worker[];
  readAt: Date;
  /** Heartbeats that were ignored. */
  ignored: number;
}

/**
 * The same as it is now. It reads every heartbeat, and is for the sweep's leader alone, which learns from them and
 * summarises them for all others. Throws `OutageError`.
 */
export function* readConditionsNow(ports: Ports): Steps<ConditionsNow> {
  const [settings, { workers, readAt, ignored }, state] = yield* waitForAll([
    ports.settings.routing(),
    ports.fleet.read(),
    ports.routerStates.read(),
  ]);
  return { now: ports.clock.now(), workers, readAt, ignored, state, settings, reach: ports.runReach };
}

/** The job as routing sees it. Throws `PermanentError` when this version knows no such operation. */
export function candidateOf(job: Job): Candidate {
  return {
    operation: knownOperation(job),
    pixels: estimatePixels(job.source),
    bytes: job.source.size,
    model: namedModel(job),
    deadlineAt: job.deadlineAt,
    turnAt: job.route.turnAt ?? job.deadlineAt,
  };
}

/** The model that the job names; null where it names none, or one that every machine has. */
function namedModel(job: Job): string | null {
  if (manifestOf(knownOperation(job)).model === null) return null;
  const { model } = job.options;
  return typeof model === 'string' && !modelsEverywhere.includes(model) ? model : null;
}

function knownOperation({ operation }: Job): OperationName {
  if (!isOperationName(operation)) throw new PermanentError('unknown_operation');
  return operation;
}
