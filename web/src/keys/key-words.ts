import { type ApiKeyScope, conditionOf, type KeyCondition } from '@spillway/core/api-keys.ts';
import type { ApiKeyView } from '@spillway/web/api/admin-schema.ts';
import { formatAge } from '../format/duration.ts';

export const scopeWords: Record<ApiKeyScope, { label: string; hint: string }> = {
  upload: { label: 'Upload', hint: 'open uploads' },
  read: { label: 'Read', hint: 'jobs, results and events' },
  change: { label: 'Change', hint: 'retry, cancel and delete jobs' },
  metrics: { label: 'Metrics', hint: 'figures of the system for Prometheus, at /metrics' },
};

export const validChoices: readonly { days: number; label: string }[] = [
  { days: 30, label: '30 days' },
  { days: 90, label: '90 days' },
  { days: 365, label: 'a year' },
  { days: 730, label: 'two years' },
];

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** How long the key still opens anything. `now` in milliseconds. */
export function endWords(key: ApiKeyView, now: number): { condition: KeyCondition; words: string } {
  const condition = conditionOf(key, new Date(now));
  switch (condition) {
    case 'valid':
      return { condition, words: `until ${day.format(key.validUntil)}` };
    case 'expired':
      return { condition, words: `ended ${day.format(key.validUntil)}` };
    case 'revoked':
      return { condition, words: 'revoked' };
    default:
      return condition satisfies never;
  }
}

/** The use is noted once in some minutes, so a few minutes ago may be now. */
export function useWords({ lastUsedAt }: ApiKeyView, now: number): string {
  if (lastUsedAt === null) return 'never used';
  const ago = now - lastUsedAt.getTime();
  return ago < 15 * 60_000 ? 'in the last 15 min' : formatAge(ago);
}

/** How many keys open something, for the panel's head. */
export function keysWords(keys: readonly ApiKeyView[], now: number): string {
  const valid = keys.filter((key) => conditionOf(key, new Date(now)) === 'valid').length;
  if (valid === 0) return 'none in use';
  return `${valid} in use`;
}
