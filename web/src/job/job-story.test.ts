import { expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import { storyOf } from './job-story.ts';

const titles = (...args: Parameters<typeof storyOf>) => storyOf(...args).map(({ title }) => title);
const timings = { waitMs: 400, downloadMs: 20, slotWaitMs: 0, processMs: 300, storeMs: 40, totalMs: 800 };

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
  expect(steps[3]?.detail).not.toContain('slot');
  const waited = sampleJob({ state: 'succeeded', attempt: 1, timings: { ...timings, slotWaitMs: 250 } });
  expect(storyOf(waited).find(({ title }) => title === 'Worked on')?.detail).toContain(
    'wait for a slot 250 ms',
  );
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

it('shows how far the model has come that the work waits for', () => {
  const progress = { kind: 'downloading_model', model: 'u2netp', share: 0.426 } as const;
  const steps = storyOf(sampleJob({ state: 'processing', attempt: 1, progress }));
  expect(steps.at(-2)).toMatchObject({ title: 'Claimed', tone: 'done' });
  expect(steps.at(-1)).toMatchObject({
    title: 'Downloading the model, 43 %',
    detail: 'u2netp',
    tone: 'now',
    share: 0.426,
  });
});

it('says that a job was moved, and leaves the route out of one that was refused before it', () => {
  const { route } = sampleJob();
  expect(storyOf(sampleJob({ route: { ...route, epoch: 1 } }))[1]?.detail).toBe('In time. (queued again)');
  const refused = sampleJob({
    state: 'failed',
    endedAt: new Date(),
    route: { ...route, reason: 'reserved' },
  });
  expect(titles(refused)).toEqual(['Uploaded', 'Failed']);
});
