import { beforeEach, expect, it, vi } from 'vitest';
import { listedNeighbours, rememberListed } from './listed-jobs.ts';

const kept = new Map<string, string>();
beforeEach(() => {
  kept.clear();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
});

it('leads from a job to its neighbours in the list that it was opened from', () => {
  expect(listedNeighbours('b')).toBeNull();
  rememberListed(['a', 'b', 'c'], '/dashboard/jobs/?state=failed');
  const list = '/dashboard/jobs/?state=failed';
  expect(listedNeighbours('a')).toEqual({ list, previous: null, next: 'b' });
  expect(listedNeighbours('b')).toEqual({ list, previous: 'a', next: 'c' });
  expect(listedNeighbours('c')).toEqual({ list, previous: 'b', next: null });
  expect(listedNeighbours('d')).toBeNull();
});

it.each([
  'no JSON',
  '{"ids":["a"]}',
  '{"ids":["a"],"address":"https://example.com/"}',
  '{"ids":[1],"address":"/dashboard/"}',
])('follows nothing that it has not written: %s', (text) => {
  kept.set('spillway-listed-jobs', text);
  expect(listedNeighbours('a')).toBeNull();
});
