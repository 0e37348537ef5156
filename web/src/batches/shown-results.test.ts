import { expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import { createBatchGrouper } from './group-pictures.ts';
import { createShownResults, original } from './shown-results.ts';

function twoPictures() {
  const error = { code: 'internal', message: 'It failed.', retryable: true } as const;
  const of = { batch: 'batch', batchSize: 2, state: 'succeeded' } as const;
  const jobs = ['a', 'b'].flatMap((upload, batchIndex) => [
    sampleJob({ ...of, id: `${upload}1`, upload, batchIndex, operation: 'sketch', state: 'failed', error }),
    sampleJob({ ...of, id: `${upload}2`, upload, batchIndex, operation: 'caption' }),
  ]);
  const [batch] = createBatchGrouper()({ uploads: [], jobs, knownCards: new Set() });
  const [one, two] = batch?.pictures ?? [];
  if (!batch || !one || !two) throw new Error('There are no two pictures.');
  return { batch, one, two };
}

it('shows the first result that has not failed, what was chosen for all, and of one picture what was chosen for it', () => {
  const { batch, one, two } = twoPictures();
  const shown = createShownResults();
  const now = () => [one, two].map((picture) => shown.of(batch.key, picture)?.id ?? original);
  expect(now()).toEqual(['caption', 'caption']);
  shown.choose(one, original);
  expect(now()).toEqual([original, 'caption']);
  shown.chooseForBatch(batch, 'sketch');
  expect(now()).toEqual(['sketch', 'sketch']);
  expect(shown.ofBatch(batch)).toBe('sketch');
  shown.choose(two, 'caption');
  expect(now()).toEqual(['sketch', 'caption']);
});
