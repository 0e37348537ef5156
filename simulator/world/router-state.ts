import type { Conditions } from '@spillway/core/routing/decide-route.ts';
import { learnFrom } from '@spillway/core/routing/learn.ts';
import {
  aliveWithinMs,
  breakerAfter,
  healthWithinMs,
  type RunBreaker,
} from '@spillway/core/routing/run-breaker.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import type { Attempts } from './attempts.ts';
import type { Documents, Entry } from './documents.ts';

/** As in pipeline/router-state.ts. Milliseconds. */
const hourMs = 3_600_000;

interface Parts {
  documents: Documents;
  attempts: Attempts;
}

/** `updateRouterState` of pipeline/router-state.ts without its promises. */
export function nextRouterState(
  { workers, state, settings, now }: Conditions,
  runLine: readonly Entry[],
  parts: Parts,
): RouterState {
  return {
    ...learnFrom(workers, state),
    breaker: nextBreaker(state.breaker, runLine, now, parts),
    // Without a limit nobody asks.
    spentLastHour: settings.run.mostDollarsPerHour === null ? 0 : spentSince(now.getTime() - hourMs, parts),
  };
}

function nextBreaker(
  breaker: RunBreaker,
  runLine: readonly Entry[],
  now: Date,
  { documents, attempts }: Parts,
): RunBreaker {
  const since = Math.max(now.getTime() - healthWithinMs, breaker.since?.getTime() ?? 0);
  while ((attempts.endedOnRun[0]?.at ?? since) < now.getTime() - healthWithinMs) attempts.endedOnRun.shift();
  const counted = attempts.endedOnRun.filter(({ at }) => at >= since);
  const succeeded = counted.filter((end) => end.succeeded).length;
  const lately = attempts.endedOnRun.filter(
    (end) => end.succeeded && end.at >= now.getTime() - aliveWithinMs,
  );
  return breakerAfter(
    breaker,
    {
      runLine: runLine.map(({ job }) => job),
      probe: breaker.probe === null ? null : (documents.byId(breaker.probe)?.job ?? null),
      succeeded,
      failed: counted.length - succeeded,
      alive: documents.running().run.jobs + lately.length,
    },
    now,
  );
}

function spentSince(since: number, { documents }: Parts): number {
  return documents.all.reduce(
    (sum, { job: { route } }) =>
      route.target === 'run' && route.at.getTime() >= since ? sum + route.dollars : sum,
    0,
  );
}
