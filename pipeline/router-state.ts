import { isDeepStrictEqual } from 'node:util';
import type { Conditions } from '@spillway/core/routing/decide-route.ts';
import { learnFrom } from '@spillway/core/routing/learn.ts';
import { breakerAfter, healthWithinMs, type RunBreaker } from '@spillway/core/routing/run-breaker.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import type { Stored } from './ports/job-store.ts';
import type { Ports } from './ports/ports.ts';

const hourMs = 3_600_000;

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
  const waiting = runLine.map(({ job }) => job);
  return breakerAfter(breaker, { runLine: waiting, probe: probe?.job ?? null, ended }, now);
}
