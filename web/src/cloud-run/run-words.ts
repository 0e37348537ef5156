import { formatDollars } from '@spillway/core/amounts.ts';
import { runConditionOf } from '@spillway/core/routing/run-condition.ts';
import type { Overview } from '@spillway/web/api/admin-schema.ts';
import { formatDuration } from '../format/duration.ts';

/** Whether Cloud Run takes work, in one word, and a note of some words. */
export function runCondition(run: Overview['run'], now: number): [string, string] {
  const { kind } = runConditionOf(run, new Date(now));
  switch (kind) {
    case 'off':
      return ['Off', 'by the settings'];
    case 'paused_by_hand':
      return [
        'Paused',
        `by hand${run.pause?.until ? `, ${leftWords(Date.parse(run.pause.until), now)}` : ''}`,
      ];
    case 'paused':
      return ['Paused', leftWords(run.breaker.until?.getTime() ?? now, now)];
    case 'on_trial':
      return ['On trial', 'a small picture tries it out'];
    case 'over_budget':
      return ['Full', 'its budget is spent'];
    case 'open':
      return ['Open', 'takes what VMs cannot'];
    default:
      return kind satisfies never;
  }
}

/** Why it takes no work and what ends that, as sentences; null while it does. */
export function runConditionWords(run: Overview['run'], now: number): string | null {
  const { kind, why, ends } = runConditionOf(run, new Date(now));
  return kind === 'open' ? null : `${why} ${ends}`;
}

function leftWords(until: number, now: number): string {
  return `for ${formatDuration(Math.ceil((until - now) / 1_000) * 1_000)} at most`;
}

/** What Cloud Run has cost, and its limit. */
export function runCost({ spentLastHour, mostDollarsPerHour: most }: Overview['run']): [string, string] {
  const limit = most === null ? 'no limit' : `${formatDollars(most)} at most`;
  return [formatDollars(spentLastHour), `in the last hour, ${limit}`];
}
