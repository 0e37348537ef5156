import { noon, sampleJob } from '@spillway/core/testing/sample-job.ts';
import type { ListedJob } from '@spillway/pipeline/ports/jobs.ts';
import { expect, test } from 'vitest';
import { newsBetween } from './newest-jobs.ts';

const page = 3;

/** A job that was created at that second and written at that place. */
function listed(id: string, second: number, position: number): ListedJob {
  const createdAt = new Date(noon.getTime() + second * 1_000);
  const stored = { job: { ...sampleJob({}), id, createdAt }, version: 1, updatedAt: noon, readAt: noon };
  return { stored, position: String(position).padStart(16, '0') };
}

const news = (before: ListedJob[], after: ListedJob[]) => {
  const { changed, removed } = newsBetween(before, after, page);
  return [changed.map(({ stored }) => stored.job.id), removed];
};

test('what was written since is told of in the order of its writes', () => {
  const before = [listed('b', 2, 2), listed('a', 1, 1)];
  expect(news(before, before)).toEqual([[], []]);
  expect(news(before, [listed('c', 3, 4), listed('b', 2, 2), listed('a', 1, 5)])).toEqual([['c', 'a'], []]);
});

test('a job that newer ones have pushed out was not deleted', () => {
  const before = [listed('c', 3, 3), listed('b', 2, 2), listed('a', 1, 1)];
  const after = [listed('e', 5, 5), listed('d', 4, 4), listed('c', 3, 3)];
  expect(news(before, after)).toEqual([['d', 'e'], []]);
});

test('a job that is missing among those that are there was deleted', () => {
  const before = [listed('c', 3, 3), listed('b', 2, 2), listed('a', 1, 1)];
  expect(news(before, [listed('c', 3, 3), listed('a', 1, 1), listed('z', 0, 0)])).toEqual([['z'], ['b']]);
  // The page is not full: there is no older one.
  expect(news(before, [listed('c', 3, 3), listed('b', 2, 2)])).toEqual([[], ['a']]);
});
