import { signal } from '@preact/signals';
import type { JobView } from '@spillway/web/api/schema.ts';
import { expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import type { FileUpload, UploadPhase } from '../uploads/file-upload.ts';
import { createBatchGrouper } from './group-pictures.ts';
import { sampleUpload } from './sample-upload.ts';

const group = (uploads: FileUpload[], jobs: JobView[] = [], knownCards = new Set<string>()) =>
  createBatchGrouper()({ uploads, jobs, knownCards });

function only(uploads: FileUpload[], jobs: JobView[] = []) {
  const results = group(uploads, jobs).flatMap(({ pictures }) => pictures.flatMap((each) => each.results));
  expect(results).toHaveLength(1);
  const [result] = results;
  if (!result) throw new Error('There is no result.');
  return result;
}

it('keeps one result from the first byte to the end', () => {
  const sending = only([sampleUpload({ phase: { kind: 'sending', sent: 2, interrupted: false } })]);
  expect(sending.stage).toEqual({ kind: 'uploading', share: 0.25, interrupted: false });
  const sent = sampleUpload({ phase: { kind: 'sent' }, uploadId: 'u1' });
  const arrived = only([sent]);
  expect(arrived.stage).toEqual({ kind: 'waiting', what: 'arrival' });
  const queued = only([sent], [sampleJob({ upload: 'u1' })]);
  expect(queued.stage).toEqual({ kind: 'waiting', what: 'turn' });
  const done = only([sent], [sampleJob({ upload: 'u1', state: 'succeeded' })]);
  expect(done.stage).toEqual({ kind: 'done' });
  expect(new Set([sending.key, arrived.key, queued.key, done.key]).size).toBe(1);
});

it('shows a download of the model as part of the work', () => {
  const progress = { kind: 'downloading_model', model: 'u2netp', share: 0.5 } as const;
  expect(only([], [sampleJob({ state: 'processing', progress })]).stage).toEqual({
    kind: 'processing',
    download: progress,
  });
});

it('shows the newest run of what was tried again, and other options as a result of their own', () => {
  const first = sampleJob({ id: 'a', upload: 'u1', state: 'failed' });
  const again = sampleJob({ id: 'b', upload: 'u1', state: 'processing', run: 2, retryOf: 'a' });
  expect(only([], [first, again]).job?.id).toBe('b');
  const upload = sampleUpload({ phase: { kind: 'sent' }, uploadId: 'u1' });
  expect(only([upload], [again, first]).runs.map(({ id }) => id)).toEqual(['b', 'a']);

  const softer = sampleJob({
    id: 'c',
    upload: 'u1',
    options: { strength: 0.2 },
    createdAt: new Date(first.createdAt.getTime() + 1_000),
  });
  const [batch] = group([upload], [first, again, softer]);
  expect(batch?.pictures[0]?.results.map(({ key, job }) => [key, job?.id])).toEqual([
    ['local:sketch~c', 'c'],
    ['local:sketch', 'b'],
  ]);
});

it('has the results of a picture in the order of the operations, and pictures in the order of the drop', () => {
  const operations = ['caption', 'sketch', 'remove-background'] as const;
  const drop = Array.from({ length: 200 }, (_, index) =>
    sampleUpload({
      key: `local-${index}`,
      index,
      plan: { operations: [...operations], options: {}, batchId: 'batch', files: 200 },
    }),
  );
  const [batch, ...others] = group(drop.toReversed());
  expect(others).toEqual([]);
  expect(batch?.name).toBe('200 pictures');
  expect(batch?.pictures.map(({ key }) => key)).toEqual(drop.map(({ key }) => key));
  for (const { results } of batch?.pictures ?? []) {
    expect(results.map(({ operation }) => operation)).toEqual(['sketch', 'remove-background', 'caption']);
  }
});

it('puts the newest drop first', () => {
  const older = sampleUpload({ key: 'older', addedAt: 1, plan: { ...sampleUpload().plan, batchId: 'one' } });
  const newer = sampleUpload({ key: 'newer', addedAt: 2, plan: { ...sampleUpload().plan, batchId: 'two' } });
  expect(group([older, newer]).map(({ id }) => id)).toEqual(['two', 'one']);
});

it('keeps files apart that came under one name', () => {
  const { source } = sampleJob();
  const jobs = [
    sampleJob({ id: 'a', source: { ...source, generation: '1' } }),
    sampleJob({ id: 'b', source: { ...source, generation: '2' } }),
  ];
  const [batch] = group([], jobs);
  expect(batch?.pictures).toHaveLength(2);
  expect(batch).toMatchObject({ id: null, name: '2 pictures' });
});

it('shows a picture no more whose job was deleted elsewhere, but does while the job has yet to come', () => {
  const sent = sampleUpload({ phase: { kind: 'sent' }, uploadId: 'u1' });
  expect(group([sent], [], new Set(['u2:sketch']))).toHaveLength(1);
  expect(group([sent], [], new Set(['u1:sketch']))).toEqual([]);
});

it('returns the same objects for what has not changed', () => {
  const phase = signal<UploadPhase>({ kind: 'waiting', held: false });
  const one = { ...sampleUpload({ key: 'one' }), phase };
  const two = sampleUpload({ key: 'two', index: 1 });
  const other = sampleUpload({ key: 'other', plan: { ...one.plan, batchId: 'other' } });
  const sources = { uploads: [one, two, other], jobs: [], knownCards: new Set<string>() };
  const regroup = createBatchGrouper();
  const before = regroup(sources);
  phase.value = { kind: 'sent' };
  const after = regroup(sources);
  const find = (batches: typeof before, id: string) => batches.find((batch) => batch.id === id);
  expect(find(after, 'other')).toBe(find(before, 'other'));
  expect(find(after, 'batch')).not.toBe(find(before, 'batch'));
  expect(find(after, 'batch')?.pictures[1]).toBe(find(before, 'batch')?.pictures[1]);
});
