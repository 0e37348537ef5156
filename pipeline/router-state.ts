import { isDeepStrictEqual } from 'node:util';
import type { Worker } from '@spillway/core/heartbeat.ts';
import { type Job, schemaVersion, type Target } from '@spillway/core/job.ts';
import { probeMessage } from '@spillway/core/messages.ts';
import { isOperationName } from '@spillway/core/operations.ts';
import { estimatePixels } from '@spillway/core/pixels.ts';
import {
  aliveWithinMs,
  failuresThatCount,
  healthWithinMs,
  mostFailing,
  nextRunBreaker,
  type RunBreaker,
  switchedOff,
} from '@spillway/core/routing/breakers.ts';
import { isRunOff } from '@spillway/core/routing/predict.ts';
import { observePush, untakenMs, wasSaturated } from '@spillway/core/routing/push-state.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import { learnFrom } from '@spillway/core/routing/state.ts';
import { mostOverdueMs } from '@spillway/core/routing/waiting.ts';
import { type WaitingWork, workRatioOf } from '@spillway/core/routing/work-ratio.ts';
import { begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import type { ConditionsNow } from './conditions.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { sumSpending } from './spending.ts';

/** No more than this number of a minute's failures is looked at. More would say the same. */
const mostFailed = 50;

/** What waits for Cloud Run, and how many jobs are claimed there. */
interface RunSide {
  line: readonly Stored[];
  running: number;
}

/**
 * Brings `routing/state` up to date: what was learned, what the push takes, Cloud Run's breaker, what it has cost.
 * Sends the picture that tries Cloud Run out, when it is time for that. Called under the sweep's lease. Throws
 * `OutageError`.
 */
export function* updateRouterState(
  { workers, state, settings, now }: ConditionsNow,
  run: RunSide,
  vmLine: readonly Stored[],
  ports: Ports,
): Steps<RouterState> {
  const line = run.line.map(({ job }) => job);
  const taken = yield* hasTakenWork(state, workers, now, ports);
  const push = observePush(state.push, { line, running: run.running, taken, settings }, now);
  const [breaker, spending] = yield* waitForAll([
    isRunOff(settings)
      ? switchedOff(state.breaker, now)
      : begin(nextBreaker({ ...state, push }, line, run.running, now, ports)),
    begin(sumSpending(state, now, ports)),
  ]);
  const learned = learnFrom(workers, state);
  const workRatio = workRatios({ vm: vmLine, run: run.line }, { workers, state: learned, settings });
  const next: RouterState = { ...learned, workRatio, push, breaker, ...spending };
  if (isDeepStrictEqual(next, state)) return state;
  const written = yield* waitFor(ports.routerStates.replace(state, next));
  // Another sweeper has the lease by now and knows more, or the answer to a trial has come.
  if (!written) return yield* waitFor(ports.routerStates.read());
  if (breaker.state !== state.breaker.state) {
    ports.recorder.mark({ kind: 'breaker', text: breakerWords(breaker), by: null });
    ports.log.warn(
      { breaker },
      `Cloud Run: ${state.breaker.state} -> ${breaker.state}. ${breaker.why ?? ''}`,
    );
    if (breaker.state === 'probing' && breaker.probe) yield* sendTrial(breaker.probe, ports);
  }
  return written;
}

/** What charts say at the moment of it. */
function breakerWords({ state, why }: RunBreaker): string {
  switch (state) {
    case 'closed':
      return 'Cloud Run takes work again.';
    case 'paused':
      return `Cloud Run is paused: ${why ?? ''}`;
    case 'probing':
      return 'Cloud Run is tried out.';
    default:
      return state satisfies never;
  }
}

function workRatios(
  lines: Record<Target, readonly Stored[]>,
  conditions: Parameters<typeof workRatioOf>[2],
): RouterState['workRatio'] {
  const of = (target: Target) => workRatioOf(lines[target].flatMap(waitingWork), target, conditions);
  return { vm: of('vm'), run: of('run') };
}

/** None where the job is being decided, or this version knows no such operation. */
function waitingWork({ job }: Stored): WaitingWork[] {
  const { operation, route, source } = job;
  if (route.reason === 'reserved' || !isOperationName(operation)) return [];
  return [{ operation, pixels: estimatePixels(source), workMs: route.workMs }];
}

/** Whether Cloud Run has shown since the push is held up that it takes work: an instance beats only while it does. */
function* hasTakenWork(
  { push }: RouterState,
  workers: readonly Worker[],
  now: Date,
  ports: Ports,
): Steps<boolean> {
  const { heldSince } = push;
  if (heldSince === null) return false;
  const heldMs = now.getTime() - heldSince.getTime();
  const heardOf = workers.some(
    ({ kind, state, ageMs }) => kind === 'run' && state === 'ready' && ageMs < heldMs,
  );
  return heardOf || (yield* waitFor(ports.sums.succeededSince('run', heldSince))) > 0;
}

/** It is noted before it is sent: a trial that is noted and not sent fails, and another follows. */
function* sendTrial(token: string, { queue }: Ports): Steps<void> {
  yield* waitFor(queue.publish('run', probeMessage(token, schemaVersion), null));
}

function* nextBreaker(
  { breaker, push }: RouterState,
  line: readonly Job[],
  running: number,
  now: Date,
  { sums, newToken }: Ports,
): Steps<RunBreaker> {
  // Failures before a pause were the reason for it. They are no reason for the next one.
  const since = Math.max(now.getTime() - healthWithinMs, breaker.since?.getTime() ?? 0);
  const [succeeded, failures, lately] = yield* waitForAll([
    sums.succeededSince('run', new Date(since)),
    sums.failedSince('run', new Date(since), mostFailed),
    sums.succeededSince('run', new Date(now.getTime() - aliveWithinMs)),
  ]);
  const health = {
    overdueMs: Math.max(mostOverdueMs(line, breaker.since, now), untakenMs(push, now)),
    succeeded,
    failed: failuresThatCount(failures),
    failing: mostFailing(failures),
    alive: running + lately,
    saturated: wasSaturated(push, now),
  };
  return nextRunBreaker(breaker, health, now, newToken);
}
