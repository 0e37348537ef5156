import { expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import type { Batch } from './batch.ts';
import { batchRows } from './batch-rows.ts';
import { createBatchGrouper } from './group-pictures.ts';

/** A batch of 8 files, as a list shows it that has come to the pictures at these places. */
function batchWith(places: (number | null)[]): Batch {
  const jobs = places.map((batchIndex, each) =>
    sampleJob({ id: `job-${each}`, upload: `upload-${each}`, batch: 'batch', batchSize: 8, batchIndex }),
  );
  const [batch] = createBatchGrouper()({ uploads: [], jobs, knownCards: new Set() });
  if (!batch) throw new Error('There is no batch.');
  return batch;
}

const placesIn = (batch: Batch, isComplete: boolean) =>
  batchRows([batch], 3, () => isComplete).map((row) =>
    row.kind === 'head' ? 'head' : row.pictures.map((picture) => picture?.index ?? null),
  );

it('lays out a batch below its head, in rows', () => {
  expect(placesIn(batchWith([4, 0, 3, 1]), true)).toEqual(['head', [0, 1, 3], [4]]);
});

it('keeps the places of pictures that have not been loaded', () => {
  expect(placesIn(batchWith([4, 0]), false)).toEqual([
    'head',
    [0, null, null],
    [null, 4, null],
    [null, null],
  ]);
});

it('keeps no places where the uploader named none, or one twice', () => {
  expect(placesIn(batchWith([null, null]), false)).toEqual(['head', [0, 0]]);
  expect(placesIn(batchWith([1, 1, 2]), false)).toEqual(['head', [1, 1, 2]]);
  expect(placesIn(batchWith([1, 9]), false)).toEqual(['head', [1, 9]]);
});
