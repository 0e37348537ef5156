import { describe, expect, it } from 'vitest';
import { countOf, formatBytes, formatDollars, formatSeconds, formatShare } from './amounts.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [64 * 2 ** 20, '67 MB'],
  ])('%i is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

it('counts, shares and seconds', () => {
  expect(countOf(1, 'file')).toBe('1 file');
  expect(countOf(0, 'file')).toBe('0 files');
  expect(countOf(2, 'entry', 'entries')).toBe('2 entries');
  expect(formatShare(0.426)).toBe('43 %');
  expect(formatShare(0.00123, 2)).toBe('0.12 %');
  expect(formatSeconds(9_460)).toBe('9.5 s');
});

it('tells amounts to the cent, and what is less to two digits', () => {
  expect([0, 1.25e-8, 0.000123, 0.0042, 0.00996, 1.2, 12.345].map(formatDollars)).toEqual([
    '$0',
    '$0.000000013',
    '$0.00012',
    '$0.0042',
    '$0.01',
    '$1.20',
    '$12.35',
  ]);
});
