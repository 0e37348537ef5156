import type { Route } from '../job.ts';
import type { RouteChoice } from '../transitions.ts';

/** A move costs a message and a place in the queue: the other side has to be sooner by this much, in milliseconds. */
const marginMs = 500;
/** A job that was moved this often stays where it is while that side lives. */
const mostMoves = 3;

/**
 * Whether a waiting job should go where the router would send it now: when its side is gone or closed, or when it
 * would be late where it waits and the other side is clearly sooner. `waitedMs`: since its message was published.
 */
export function shouldMove(current: Route, choice: RouteChoice, waitedMs: number): boolean {
  if (choice.target === current.target) return false;
  const here = choice.predicted?.[current.target] ?? null;
  const there = choice.predicted?.[choice.target] ?? null;
  if (!there) return false;
  // What is over the limit of cost is new work: what was sent already is paid for, and stays.
  if (current.target === 'run' && choice.predicted?.runClosed === 'over_budget') return false;
  if (!here) return true;
  // The prediction is for a job that comes now; this one has part of its delivery, a cold start say, behind it.
  const hereMs = here.finishMs - Math.min(waitedMs, here.deliveryMs);
  const late = hereMs > (choice.predicted?.budgetMs ?? 0);
  return late && there.finishMs + marginMs < hereMs && current.epoch < mostMoves;
}
