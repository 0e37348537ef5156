import { formatDollars } from '@spillway/core/amounts.ts';
import type { Overview } from '@spillway/web/api/schema.ts';
import { formatDuration } from '../format/duration.ts';

/** Whether Cloud Run takes work, in one word, and the reason. */
export function runCondition({ enabled, breaker, ...cost }: Overview['run'], now: number): [string, string] {
  if (!enabled) return ['Off', 'by the settings'];
  const left = (breaker.until?.getTime() ?? now) - now;
  if (breaker.state === 'paused' && left > 0) {
    return ['Paused', `for ${formatDuration(Math.ceil(left / 1_000) * 1_000)} at most`];
  }
  if (breaker.state === 'probing' && left > 0) return ['On trial', 'a small picture tries it out'];
  const { mostDollarsPerHour: most, spentLastHour } = cost;
  return most !== null && spentLastHour >= most
    ? ['Full', 'its budget is spent']
    : ['Open', 'takes what VMs cannot'];
}

/** What Cloud Run has cost, and its limit. */
export function runCost({ spentLastHour, mostDollarsPerHour: most }: Overview['run']): [string, string] {
  const limit = most === null ? 'no limit' : `${formatDollars(most)} at most`;
  return [formatDollars(spentLastHour), `in the last hour, ${limit}`];
}
