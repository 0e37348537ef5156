import {
  aliveWithinMs,
  breakerAfter,
  healthWithinMs,
  type RunBreaker,
} from '@spillway/core/routing/breakers.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import { learnFrom } from '@spillway/core/routing/state.ts';
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
  const ends = attempts.succeededOnRun;
  while ((ends[0] ?? since) < now.getTime() - healthWithinMs) ends.shift();
  const succeededSince = (time: number) => ends.filter((at) => at >= time).length;
  return breakerAfter(
    breaker,
    {
      runLine: runLine.map(({ job }) => job),
      probe: breaker.probe === null ? null : (documents.byId(breaker.probe)?.job ?? null),
      succeeded: succeededSince(since),
      failed: 0,
      alive: documents.running().run.jobs + succeededSince(now.getTime() - aliveWithinMs),
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
