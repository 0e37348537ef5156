import type { Conditions } from '@spillway/core/routing/decide-route.ts';
import { learnFrom } from '@spillway/core/routing/learn.ts';
import { nextRunBreaker, type RunBreaker, type RunHealth } from '@spillway/core/routing/run-breaker.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import type { Attempts } from './attempts.ts';
import type { Documents, Entry } from './documents.ts';

/** As in pipeline/router-state.ts. Milliseconds. */
const hourMs = 3_600_000;
const healthWithinMs = 60_000;

interface Parts {
  documents: Documents;
  attempts: Attempts;
  waitedMs(entry: Entry): number;
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
  { documents, attempts, waitedMs }: Parts,
): RunBreaker {
  const since = now.getTime() - healthWithinMs;
  while ((attempts.endedOnRun[0]?.at ?? since) < since) attempts.endedOnRun.shift();
  const succeeded = attempts.endedOnRun.filter((end) => end.succeeded).length;
  const probe = breaker.probe === null ? null : documents.byId(breaker.probe);
  const fate = probe && probeFate(probe);
  const current = breaker.probe !== null && fate === null ? { ...breaker, probe: null } : breaker;
  const health: RunHealth = {
    succeeded,
    failed: attempts.endedOnRun.length - succeeded,
    overdueMs: mostOverdueMs(probe ? [probe] : runLine, breaker.since, now, waitedMs),
    probe: fate,
  };
  return nextRunBreaker(current, health, now);
}

/** How far the longest waiting job is beyond what was predicted for it; no wait counts from before `since`. */
function mostOverdueMs(
  waiting: readonly Entry[],
  since: Date | null,
  now: Date,
  waitedMs: Parts['waitedMs'],
): number {
  const mostMs = since ? now.getTime() - since.getTime() : Number.POSITIVE_INFINITY;
  return waiting.reduce((most, entry) => {
    const predictedMs = entry.job.route.predicted?.run?.waitMs ?? 0;
    return Math.max(most, Math.min(mostMs, waitedMs(entry)) - predictedMs);
  }, 0);
}

function probeFate({ job: { state, route } }: Entry): RunHealth['probe'] {
  if (route.target !== 'run') return null;
  switch (state) {
    case 'queued':
      return 'waiting';
    case 'processing':
      return 'claimed';
    case 'succeeded':
    case 'failed':
      return state;
    default:
      return null;
  }
}

function spentSince(since: number, { documents }: Parts): number {
  return documents.all.reduce(
    (sum, { job: { route } }) =>
      route.target === 'run' && route.at.getTime() >= since ? sum + route.dollars : sum,
    0,
  );
}
