import type { ApiKeyView } from '@spillway/web/api/admin-schema.ts';
import { expect, test } from 'vitest';
import { endWords, keysWords, useWords } from './key-words.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const day = 24 * 3_600_000;
const key: ApiKeyView = {
  id: '0123456789abcdef',
  name: 'Camera',
  owner: 'garden',
  scopes: ['upload'],
  createdAt: new Date(now - day),
  createdBy: 'token',
  validUntil: new Date(now + 30 * day),
  lastUsedAt: null,
  revokedAt: null,
  revokedBy: null,
};
const expired = { ...key, validUntil: new Date(now) };
const revoked = { ...key, revokedAt: new Date(now - 1), revokedBy: 'ann@example.com' };

test('a key says until when it is valid, and why it no longer is', () => {
  expect(endWords(key, now)).toEqual({ condition: 'valid', words: 'until 31 Mar 2026' });
  expect(endWords(expired, now)).toEqual({ condition: 'expired', words: 'ended 1 Mar 2026' });
  expect(endWords(revoked, now)).toEqual({ condition: 'revoked', words: 'revoked' });
  expect(keysWords([key, expired, revoked], now)).toBe('1 in use');
  expect(keysWords([expired], now)).toBe('none in use');
});

test('the use of a key is known to some minutes only', () => {
  expect(useWords(key, now)).toBe('never used');
  expect(useWords({ ...key, lastUsedAt: new Date(now - 14 * 60_000) }, now)).toBe('in the last 15 min');
  expect(useWords({ ...key, lastUsedAt: new Date(now - 2 * day) }, now)).toBe('2 d ago');
});
