import { isDeepStrictEqual } from 'node:util';
import type { Job } from '@spillway/core/job.ts';
import type { Conditions } from '@spillway/core/routing/decide-route.ts';
import { learnFrom } from '@spillway/core/routing/learn.ts';
import { nextRunBreaker, type RunBreaker, type RunHealth } from '@spillway/core/routing/run-breaker.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import { waitedMs } from './move.ts';
import type { Stored } from './ports/job-store.ts';
import type { Ports } from './ports/ports.ts';

const hourMs = 3_600_000;
/** How far back Cloud Run's failures count, in milliseconds. */
const healthWithinMs = 60_000;

/**
 * Brings `routing/state` up to date: what was learned, Cloud Run's breaker, what it has cost. Called by whoever holds
 * the sweep's lease. Throws `OutageError`.
 * @param runLine What waits for Cloud Run.
 */
export async function updateRouterState(
  { workers, state, now }: Conditions,
  runLine: readonly Stored[],
  ports: Ports,
): Promise<RouterState> {
  const hourAgo = new Date(now.getTime() - hourMs);
  const [breaker, spentLastHour] = await Promise.all([
    nextBreaker(state.breaker, runLine, now, ports),
    ports.jobs.runDollarsSince(hourAgo),
  ]);
  const next: RouterState = { ...learnFrom(workers, state), breaker, spentLastHour };
  if (!isDeepStrictEqual(next, state)) await ports.routerStates.write(next);
  if (breaker.state !== state.breaker.state) {
    ports.log.warn(
      { breaker },
      `Cloud Run: ${state.breaker.state} -> ${breaker.state}. ${breaker.why ?? ''}`,
    );
  }
  return next;
}

async function nextBreaker(
  breaker: RunBreaker,
  runLine: readonly Stored[],
  now: Date,
  ports: Ports,
): Promise<RunBreaker> {
  const [ended, probe] = await Promise.all([
    ports.jobs.endedSince('run', new Date(now.getTime() - healthWithinMs)),
    breaker.probe === null ? null : ports.jobs.get(breaker.probe),
  ]);
  const fate = probe && probeFate(probe.job);
  // A probe that was cancelled, or never sent, says nothing: another one follows.
  const current = breaker.probe !== null && fate === null ? { ...breaker, probe: null } : breaker;
  // A probe is judged by its own wait: what got stuck before it says nothing of Cloud Run as it is now.
  const overdueMs = mostOverdueMs(probe ? [probe] : runLine, breaker.since, now);
  return nextRunBreaker(current, { ...ended, overdueMs, probe: fate }, now);
}

function probeFate({ state, route, error }: Job): RunHealth['probe'] {
  if (route.target !== 'run') return null;
  switch (state) {
    case 'queued':
      return 'waiting';
    case 'processing':
      return 'claimed';
    case 'succeeded':
      return 'succeeded';
    case 'failed':
      // A picture that is at fault shows that the place works.
      return error?.retryable ? 'failed' : 'succeeded';
    default:
      return null;
  }
}

/** How far the longest waiting job is beyond what was predicted for it; no wait counts from before `since`. */
function mostOverdueMs(waiting: readonly Stored[], since: Date | null, now: Date): number {
  const mostMs = since ? now.getTime() - since.getTime() : Number.POSITIVE_INFINITY;
  const overdue = waiting.map(
    (stored) => Math.min(mostMs, waitedMs(stored, now)) - (stored.job.route.predicted?.run?.waitMs ?? 0),
  );
  return Math.max(0, ...overdue);
}
