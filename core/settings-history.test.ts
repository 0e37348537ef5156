import { expect, it } from 'vitest';
import { routingSettingsSchema } from './settings.ts';
import { differencesBetween, differenceWords, undone } from './settings-history.ts';

const first = routingSettingsSchema.parse({ shares: { owners: { 'a.b': 2 } } });
const second = routingSettingsSchema.parse({
  objectivesMs: { sketch: 3_000 },
  run: { models: ['u2net'] },
  shares: { owners: { 'a.b': 2 } },
});

it('tells value by value what differs, and lists as a whole', () => {
  const words = differencesBetween(first, second).map(differenceWords);
  expect(words).toEqual(['objectivesMs.sketch: none → 3000', 'run.models: [] → ["u2net"]']);
  expect(differencesBetween(first, { ...first })).toEqual([]);
  // A database may give keys in another order.
  expect(differencesBetween({ list: [{ a: 1, b: 2 }] }, { list: [{ b: 2, a: 1 }] })).toEqual([]);
});

it('takes back one change, and keeps what was done since', () => {
  const change = differencesBetween(first, second);
  expect(undone(second, change)).toEqual({ kind: 'undone', value: first });
  const since = { ...second, confidence: 2 };
  expect(undone(since, change)).toEqual({ kind: 'undone', value: { ...first, confidence: 2 } });
});

it('takes nothing back where somebody has changed the same value since, and names it', () => {
  const change = differencesBetween(first, second);
  const since = { ...second, objectivesMs: { sketch: 4_000 } };
  expect(undone(since, change)).toEqual({ kind: 'changed_since', paths: [['objectivesMs', 'sketch']] });
  expect(undone(first, change).kind).toBe('changed_since');
});
