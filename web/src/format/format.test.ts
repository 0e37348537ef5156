import { describe, expect, it } from 'vitest';
import { formatCost } from './cost.ts';
import { formatAge, formatDuration, formatHeartbeatAge } from './duration.ts';
import { displayName } from './file-name.ts';

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [999, '999 ms'],
    [999.6, '1.0 s'],
    [1_449, '1.4 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [11_400_000, '3 h 10 min'],
    [187_200_000, '2 d 4 h'],
  ])('%i ms is %s', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));
});

it('tells ages coarsely, and those of heartbeats by the second', () => {
  expect(formatAge(4_999)).toBe('just now');
  expect(formatAge(61_000)).toBe('1 min ago');
  expect(formatAge(7_300_000)).toBe('2 h ago');
  expect(formatAge(-100)).toBe('just now');
  expect(formatHeartbeatAge(1_200)).toBe('1 s ago');
  expect(formatHeartbeatAge(61_000)).toBe('1 min ago');
});

it('names a file by the last part of its object’s name', () => {
  expect(displayName('web/owner/upload/holiday 1.jpg')).toBe('holiday 1.jpg');
  expect(displayName('camera/')).toBe('camera/');
});

it('tells the cost of a thousand such jobs, because that of one is a fraction of a cent', () => {
  expect(formatCost(0)).toBe('nothing');
  expect(formatCost(0.0000153)).toBe('$0.015 / 1,000');
  expect(formatCost(0.00213)).toBe('$2.13 / 1,000');
});
