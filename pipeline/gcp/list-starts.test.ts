import { later, noon } from '@spillway/core/testing/sample-job.ts';
import { expect, it } from 'vitest';
import { manualClock } from '../testing/manual-clock.ts';
import { ListStarts } from './list-starts.ts';

const minute = 60_000;

it('a list begins some minutes before its first job, and once a minute at the beginning', () => {
  const clock = manualClock();
  const starts = new ListStarts<'unpublished' | 'abandoned'>(clock);
  expect(starts.of('unpublished')).toBeNull();
  starts.read('unpublished', later(0), later(-20 * minute));
  expect(starts.of('unpublished')).toEqual(later(-30 * minute));
  expect(starts.of('abandoned')).toBeNull();
  clock.advance(minute - 1);
  expect(starts.of('unpublished')).toEqual(later(-30 * minute));
  clock.advance(1);
  expect(starts.of('unpublished')).toBeNull();
});

it('a list that was empty begins before the time up to which it was read', () => {
  const starts = new ListStarts<'outboxes'>(manualClock());
  starts.read('outboxes', noon, null);
  expect(starts.of('outboxes')).toEqual(later(-10 * minute));
});
