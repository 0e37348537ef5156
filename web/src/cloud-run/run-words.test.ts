import type { Overview } from '@spillway/web/api/admin-schema.ts';
import { expect, it } from 'vitest';
import { runCondition, runConditionWords, runCost } from './run-words.ts';

const run: Overview['run'] = {
  enabled: true,
  breaker: { state: 'closed', since: null, until: null, trips: 0, why: null },
  pause: null,
  spentLastHour: 0.5,
  mostDollarsPerHour: null,
};
const paused = (until: number) =>
  ({ state: 'paused', since: new Date(0), until: new Date(until), trips: 1, why: 'It failed.' }) as const;

it.each<[Partial<Overview['run']>, string, string]>([
  [{}, 'Open', 'takes what VMs cannot'],
  [{ enabled: false, breaker: paused(9_000) }, 'Off', 'by the settings'],
  [{ breaker: paused(9_000) }, 'Paused', 'for 8.0 s at most'],
  [{ breaker: paused(500) }, 'Open', 'takes what VMs cannot'],
  [{ breaker: { ...paused(9_000), state: 'probing' } }, 'On trial', 'a small picture tries it out'],
  [{ breaker: { ...paused(500), state: 'probing' } }, 'Open', 'takes what VMs cannot'],
  [{ pause: { why: 'Bills.', until: null } }, 'Paused', 'by hand'],
  [{ pause: { why: 'Bills.', until: '1970-01-01T00:00:09Z' } }, 'Paused', 'by hand, for 8.0 s at most'],
  [{ mostDollarsPerHour: 0.5 }, 'Full', 'its budget is spent'],
  [{ mostDollarsPerHour: 0.6 }, 'Open', 'takes what VMs cannot'],
])('says whether Cloud Run takes work: %o', (changes, word, note) => {
  expect(runCondition({ ...run, ...changes }, 1_000)).toEqual([word, note]);
});

it('says what Cloud Run has cost, and how much it may', () => {
  expect(runCost(run)).toEqual(['$0.50', 'in the last hour, no limit']);
  expect(runCost({ ...run, mostDollarsPerHour: 2 })).toEqual(['$0.50', 'in the last hour, $2.00 at most']);
});

it('says on trial why it was paused, that nobody’s job tries it out, and what ends that', () => {
  const breaker = { ...paused(9_000), state: 'probing' } as const;
  const words = runConditionWords({ ...run, breaker }, 1_000);
  expect(words).toMatch(
    /^It was paused: It failed\. A small picture of Spillway’s own .* and nobody’s job\./,
  );
  expect(words).toContain('When that is done it takes work at once');
  expect(runConditionWords(run, 1_000)).toBeNull();
});
