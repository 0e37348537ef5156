import type { SharedJob } from '@spillway/web/api/schema.ts';
import { expect, it } from 'vitest';
import { sharedPictures } from './shared-batch.ts';

function job(change: Partial<SharedJob>): SharedJob {
  return {
    id: 'a',
    operation: 'sketch',
    options: {},
    state: 'succeeded',
    run: 1,
    createdAt: new Date('2026-01-01T12:00:00Z'),
    batchIndex: 0,
    picture: 'one',
    name: 'cat.jpg',
    size: 10,
    thumbnails: [],
    result: null,
    error: null,
    ...change,
  };
}

it('shows pictures in the order of the drop, each with the newest run of what was made of it', () => {
  const pictures = sharedPictures([
    job({ id: 'late', picture: 'two', name: 'b.jpg', batchIndex: 1 }),
    job({ id: 'old', run: 1, state: 'failed' }),
    job({ id: 'new', run: 2 }),
    job({ id: 'caption', operation: 'caption', createdAt: new Date('2026-01-01T12:00:01Z') }),
    job({ id: 'unnumbered', picture: 'three', name: 'c.jpg', batchIndex: null }),
  ]);
  expect(pictures.map(({ name, results }) => [name, results.map(({ id }) => id)])).toEqual([
    ['cat.jpg', ['new', 'caption']],
    ['b.jpg', ['late']],
    ['c.jpg', ['unnumbered']],
  ]);
});
