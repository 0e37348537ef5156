import { isDeepStrictEqual } from 'node:util';
import {
  aliveWithinMs,
  breakerAfter,
  failuresThatCount,
  healthWithinMs,
  type RunBreaker,
} from '@spillway/core/routing/breakers.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import { learnFrom } from '@spillway/core/routing/state.ts';
import { begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';

const hourMs = 3_600_000;
/** No more than this number of a minute's failures is looked at. More would say the same. */
const mostFailed = 50;

/** What waits for Cloud Run, and how many jobs are claimed there. */
interface RunSide {
  line: readonly Stored[];
  running: number;
}

/**
 * Brings `routing/state` up to date: what was learned, Cloud Run's breaker, what it has cost. Called under
 * the sweep's lease. Throws `OutageError`.
 */
export function* updateRouterState(
  { workers, state, now }: Conditions,
  run: RunSide,
  ports: Ports,
): Steps<RouterState> {
  const hourAgo = new Date(now.getTime() - hourMs);
  const [breaker, spentLastHour] = yield* waitForAll([
    begin(nextBreaker(state.breaker, run, now, ports)),
    ports.sums.runDollarsSince(hourAgo),
  ]);
  const next: RouterState = { ...learnFrom(workers, state), breaker, spentLastHour };
  if (isDeepStrictEqual(next, state)) return state;
  const written = yield* waitFor(ports.routerStates.replace(state, next));
  // Another sweeper has the lease by now and knows more.
  if (!written) return yield* waitFor(ports.routerStates.read());
  if (breaker.state !== state.breaker.state) {
    ports.log.warn(
      { breaker },
      `Cloud Run: ${state.breaker.state} -> ${breaker.state}. ${breaker.why ?? ''}`,
    );
  }
  return written;
}

function* nextBreaker(
  breaker: RunBreaker,
  { line, running }: RunSide,
  now: Date,
  { jobs, sums }: Ports,
): Steps<RunBreaker> {
  // Failures before a pause were the reason for it. They are no reason for the next one.
  const since = Math.max(now.getTime() - healthWithinMs, breaker.since?.getTime() ?? 0);
  const [succeeded, failed, lately, probe] = yield* waitForAll([
    sums.succeededSince('run', new Date(since)),
    sums.failedSince('run', new Date(since), mostFailed),
    sums.succeededSince('run', new Date(now.getTime() - aliveWithinMs)),
    breaker.probe === null ? null : jobs.get(breaker.probe),
  ]);
  const signs = { succeeded, failed: failuresThatCount(failed), alive: running + lately };
  const runLine = line.map(({ job }) => job);
  return breakerAfter(breaker, { runLine, probe: probe?.job ?? null, ...signs }, now);
}
