import { expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import { passes } from './job-filters.ts';
import { storyOf } from './job-story.ts';

const titles = (...args: Parameters<typeof storyOf>) => storyOf(...args).map(({ title }) => title);
const timings = { waitMs: 400, downloadMs: 20, processMs: 300, storeMs: 40, totalMs: 800 };

it('tells a waiting job as far as it has come', () => {
  const steps = storyOf(sampleJob({ publishedAt: new Date() }));
  expect(steps.map(({ title }) => title)).toEqual([
    'Uploaded',
    'Routed to VM pool',
    'Handed to the queue',
    'Waiting for a free slot',
  ]);
  expect(steps.at(-1)?.tone).toBe('now');
});

it('tells a job from upload to outcome, with the claim where the wait ended', () => {
  const steps = storyOf(sampleJob({ state: 'succeeded', attempt: 2, timings, endedAt: new Date() }));
  expect(steps.map(({ title }) => title)).toEqual([
    'Uploaded',
    'Routed to VM pool',
    'Claimed',
    'Worked on',
    'Done',
  ]);
  expect(steps[2]?.at?.toISOString()).toBe('2026-01-01T12:00:00.400Z');
  expect(steps[2]?.detail).toBe('Attempt 2.');
});

it('says why a job failed, the plain words first', () => {
  const error = { code: 'corrupt_image', message: 'Premature end of file.', retryable: false } as const;
  const end = storyOf(sampleJob({ state: 'failed', attempt: 1, error, endedAt: new Date() })).at(-1);
  expect(end).toMatchObject({ title: 'Failed', tone: 'failed' });
  expect(end?.detail).toBe('The picture is damaged or incomplete. Premature end of file.');
});

it('begins a retry with the wish for it', () => {
  expect(titles(sampleJob({ run: 2, retryOf: 'first' }))[0]).toBe('Asked for again, run 2');
});

it('filters by state and side', () => {
  const job = sampleJob({ state: 'cancelled' });
  expect(passes(job, { state: 'all', target: 'vm' })).toBe(true);
  expect(passes(job, { state: 'all', target: 'run' })).toBe(false);
  expect(passes(job, { state: 'open', target: 'all' })).toBe(false);
  expect(passes(job, { state: 'ended-badly', target: 'all' })).toBe(true);
});

it('says that a job was moved, and leaves the route out of one that was refused before it', () => {
  const { route } = sampleJob();
  expect(storyOf(sampleJob({ route: { ...route, epoch: 1 } }))[1]?.detail).toBe('In time. Moved 1 time.');
  const refused = sampleJob({
    state: 'failed',
    endedAt: new Date(),
    route: { ...route, reason: 'reserved' },
  });
  expect(titles(refused)).toEqual(['Uploaded', 'Failed']);
});
