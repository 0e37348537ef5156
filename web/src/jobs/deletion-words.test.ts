import { expect, test } from 'vitest';
import { deletionWords } from './deletion-words.ts';

test('the question says whether the files can come back', () => {
  expect(deletionWords(null)).toBe('Really delete?');
  expect(deletionWords({ kind: 'unknown' })).toBe('Really delete?');
  expect(deletionWords({ kind: 'removed' })).toBe('Really delete, for good?');
  const kept = (forSeconds: number) => deletionWords({ kind: 'kept', forSeconds });
  expect(kept(604_800)).toBe('Really delete? Admins can restore the files for 7 days.');
  expect(kept(86_400)).toContain('for a day.');
  expect(deletionWords({ kind: 'versioned' })).toBe('Really delete? Admins can restore the files.');
});
