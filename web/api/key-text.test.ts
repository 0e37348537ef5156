import { expect, test } from 'vitest';
import {
  fingerprintOf,
  isWholeKey,
  isWholeShareToken,
  looksLikeKey,
  newKeyText,
  newShareToken,
} from './key-text.ts';

test('a key is found by its form, and no two are alike', () => {
  const keys = Array.from({ length: 200 }, newKeyText);
  expect(new Set(keys).size).toBe(200);
  for (const key of keys) {
    expect(key).toMatch(/^spw_[0-9A-Za-z]{49}$/);
    expect([looksLikeKey(key), isWholeKey(key)]).toEqual([true, true]);
  }
  // The random part uses its whole range: leading zeros are as rare as they must be.
  expect(keys.filter((key) => key.startsWith('spw_00')).length).toBeLessThan(3);
});

test('the checksum is CRC-32, as a scanner can work it out', () => {
  // zlib.crc32('spw_' + 'A'.repeat(43)) in base 62 with the digits 0-9, A-Z, a-z.
  const secret = `spw_${'A'.repeat(43)}`;
  expect(isWholeKey(`${secret}000000`)).toBe(false);
  expect(isWholeKey(`${secret}1qywKM`)).toBe(true);
});

test('whatever one typing error does to a key is told', () => {
  const key = newKeyText();
  for (let place = 4; place < key.length; place++) {
    const other = key[place] === 'a' ? 'b' : 'a';
    expect(isWholeKey(key.slice(0, place) + other + key.slice(place + 1))).toBe(false);
    expect(isWholeKey(key.slice(0, place) + key.slice(place + 1))).toBe(false);
  }
  expect(isWholeKey(` ${key}`)).toBe(false);
  expect(isWholeKey(`${key}\n`)).toBe(false);
});

test('the token of a private link has the same form, and neither passes for the other', () => {
  const [key, token] = [newKeyText(), newShareToken()];
  expect(token).toMatch(/^sps_[0-9A-Za-z]{49}$/);
  expect([isWholeShareToken(token), isWholeShareToken(key), isWholeKey(token)]).toEqual([true, false, false]);
});

test('the id is what sha256sum prints first of a key', () => {
  // printf %s spw_test | sha256sum
  const { id, hash } = fingerprintOf('spw_test');
  expect(hash).toBe('39ae6f4175f53a5872e0187cd1142a5f7503bfb0b8e8118722f7c26e9b7ecb8a');
  expect(id).toBe(hash.slice(0, 16));
});
