import { expect, test } from 'vitest';
import { differenceBetween } from './settings-difference.ts';

test.each([
  [{ a: 1, b: { c: 2 } }, { a: 1, b: { c: 2 } }, ''],
  [{ a: 1, b: { c: 2 } }, { a: 2, b: { c: 'x' } }, 'a: 1 → 2; b.c: 2 → "x"'],
  [{ owners: {} }, { owners: { ann: 3 } }, 'owners.ann: none → 3'],
  [{ owners: { ann: 3 } }, { owners: {} }, 'owners.ann: 3 → none'],
  [{ models: ['a'] }, { models: ['a', 'b'] }, 'models: ["a"] → ["a","b"]'],
  [{ limit: null }, { limit: 1.5 }, 'limit: null → 1.5'],
])('from %j to %j is %j', (before, after, words) => {
  expect(differenceBetween(before, after)).toBe(words);
});
