import { expect, test } from 'vitest';
import { wantedBytes } from './byte-ranges.ts';

const file = { size: 100, etag: '"7"' };
const wanted = (range: string | undefined, ifRange?: string, of = file) =>
  wantedBytes({ range, ifRange }, of);
const part = (first: number, last: number) => ({ kind: 'part', range: { first, last } });

test.each([
  ['bytes=0-9', part(0, 9)],
  ['bytes=90-', part(90, 99)],
  ['bytes=-10', part(90, 99)],
  ['bytes=-1000', part(0, 99)],
  ['bytes=0-1000', part(0, 99)],
  ['Bytes= 5-5 ', part(5, 5)],
])('%s is a part', (range, expected) => {
  expect(wanted(range)).toEqual(expected);
});

test.each([undefined, '', 'bytes=', 'bytes=-', 'bytes=9-5', 'bytes=0-1,5-6', 'lines=1-2', 'bytes=a-b'])(
  '%j means all',
  (range) => {
    expect(wanted(range)).toEqual({ kind: 'all' });
  },
);

test.each(['bytes=100-', 'bytes=500-600', 'bytes=-0'])('%s is not there', (range) => {
  expect(wanted(range)).toEqual({ kind: 'unsatisfiable' });
});

test('an empty file has no part', () => {
  for (const range of ['bytes=0-', 'bytes=-5']) {
    expect(wanted(range, undefined, { size: 0, etag: '"7"' })).toEqual({ kind: 'unsatisfiable' });
  }
});

test('a part of what has changed since is all of it', () => {
  expect(wanted('bytes=0-9', '"7"')).toEqual(part(0, 9));
  expect(wanted('bytes=0-9', '"6"')).toEqual({ kind: 'all' });
});
