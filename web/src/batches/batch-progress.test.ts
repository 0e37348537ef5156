import type { JobError } from '@spillway/core/job.ts';
import { expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import type { Batch } from './batch.ts';
import { progressOf } from './batch-progress.ts';
import { progressWords } from './batch-words.ts';
import { failureGroups } from './failures.ts';
import { createBatchGrouper } from './group-pictures.ts';
import { sampleUpload } from './sample-upload.ts';

const notAPicture: JobError = { code: 'unsupported_type', message: 'The file is a PDF.', retryable: false };
const tooSlow: JobError = { code: 'processing_timeout', message: 'It took 60 s.', retryable: true };

/** Two operations a picture: one done, one of each in failed, one at work, one being sent. */
function batch(): Batch {
  const of = { batch: 'batch', batchSize: 5 };
  const jobs = [
    ...['sketch', 'caption'].map((operation) =>
      sampleJob({ ...of, id: `a-${operation}`, operation, upload: 'a', batchIndex: 0, state: 'succeeded' }),
    ),
    ...['sketch', 'caption'].map((operation) =>
      sampleJob({
        ...of,
        id: `b-${operation}`,
        operation,
        upload: 'b',
        batchIndex: 1,
        state: 'failed',
        error: notAPicture,
      }),
    ),
    sampleJob({ ...of, id: 'c-sketch', upload: 'c', batchIndex: 2, state: 'processing' }),
    sampleJob({
      ...of,
      id: 'c-caption',
      operation: 'caption',
      upload: 'c',
      batchIndex: 2,
      state: 'failed',
      error: tooSlow,
    }),
    sampleJob({ ...of, id: 'd-sketch', upload: 'd', batchIndex: 3, state: 'cancelled' }),
  ];
  const uploads = [
    sampleUpload({
      index: 4,
      plan: { operations: ['sketch'], options: {}, batchId: 'batch', files: 5 },
      phase: { kind: 'sending', sent: 4, interrupted: false },
    }),
  ];
  const [found] = createBatchGrouper()({ uploads, jobs, knownCards: new Set() });
  if (!found) throw new Error('There is no batch.');
  return found;
}

it('counts pictures as a person does, and shares of results', () => {
  const progress = progressOf([batch()]);
  expect(progress).toMatchObject({ pictures: 5, ended: 3, failed: 1, stopped: 1, done: 2, open: 2 });
  expect(progress.share).toBeCloseTo((2 + 3 + 1 + 0.6 + 0.25) / 8);
  expect(progressWords(progress, 21_000)).toBe('3 of 5 pictures done · about 20 s left');
  expect(progressWords(progress, null)).toBe('3 of 5 pictures done');
  const over = { ...progress, open: 0, ended: 5 };
  expect(progressWords(over, null)).toBe('3 of 5 pictures done · 1 failed · 1 stopped');
  expect(progressWords({ ...over, failed: 0, stopped: 0 }, null)).toBe('All done');
});

it('groups what failed by its reason, and names a picture once', () => {
  const groups = failureGroups(batch()).map(({ reason, pictures }) => [
    reason,
    pictures.map(({ picture, results }) => [picture.key, results.map(({ operation }) => operation)]),
  ]);
  expect(groups).toEqual([
    [
      'The file is not a picture of a supported type (JPEG, PNG, WebP, AVIF, HEIC or GIF).',
      [['b', ['sketch', 'caption']]],
    ],
    ['The picture took longer than the time limit.', [['c', ['caption']]]],
  ]);
});
