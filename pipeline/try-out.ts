import { messageOf } from '@spillway/core/errors.ts';
import { builtInNames, isOperationName } from '@spillway/core/operations.ts';
import { afterTrial, type RunBreaker } from '@spillway/core/routing/breakers.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import type { Executor } from './executor.ts';
import type { Outcome } from './outcome.ts';

/** How often the answer is written where others change `routing/state` at the same time. */
const mostTries = 10;

/**
 * Tries Cloud Run out from inside: does a small picture of Spillway's own, and opens or pauses Cloud Run for all routers
 * at once, without waiting for a sweep. There is no job, so nobody sees it in a list. Throws `OutageError`.
 * @param token Of the trial, which the breaker knows.
 */
export function* answerTrial(token: string, executor: Executor): Steps<Outcome> {
  const { routerStates, clock, log } = executor.ports;
  const { breaker } = yield* waitFor(routerStates.read());
  if (afterTrial(breaker, token, null, clock.now()) === null) {
    return { kind: 'dropped', ack: true, why: 'ended' };
  }
  const problem = yield* doPicture(breaker, executor);
  for (let tries = 0; tries < mostTries; tries++) {
    const state = yield* waitFor(routerStates.read());
    const next = afterTrial(state.breaker, token, problem, clock.now());
    if (next === null) break;
    // What went well shows as well that the push is not held up.
    const push = problem === null ? { ...state.push, heldSince: null } : state.push;
    if (yield* waitFor(routerStates.replace(state, { ...state, push, breaker: next }))) {
      log.warn({ breaker: next }, `Cloud Run: ${state.breaker.state} -> ${next.state}. ${next.why ?? ''}`);
      break;
    }
  }
  return { kind: 'tried_out', ack: true, problem };
}

/** Resolves to what went wrong, or null. The operation that failed before is tried, else the first one there is. */
function* doPicture({ operation }: RunBreaker, { testOperation }: Executor): Steps<string | null> {
  const known = operation !== null && isOperationName(operation) ? operation : builtInNames[0];
  if (!testOperation || !known) return null;
  try {
    return yield* waitFor(testOperation(known));
  } catch (error) {
    return messageOf(error);
  }
}
