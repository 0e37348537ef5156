import { signal } from '@preact/signals';
import type { JobView } from '@spillway/web/api/schema.ts';
import { expect, it } from 'vitest';
import type { FileUpload, UploadPhase } from '../uploads/file-upload.ts';
import { galleryEntries, stageOf } from './gallery.ts';
import { sampleJob } from './sample-job.ts';

function upload(phase: UploadPhase, uploadId: string | null, key = 'local'): FileUpload {
  return {
    key,
    file: new File(['12345678'], 'cat.jpg'),
    plan: { operations: ['sketch'], options: {}, batchId: 'batch', files: 1 },
    addedAt: Date.UTC(2026, 0, 1, 13),
    index: 0,
    preview: 'blob:cat',
    phase: signal(phase),
    uploadId: signal(uploadId),
    send: async () => {},
    reset: () => {},
    cancel: () => {},
    dispose: () => {},
  };
}

function only(uploads: FileUpload[], jobs: JobView[]) {
  const entries = galleryEntries(uploads, jobs);
  expect(entries).toHaveLength(1);
  const [entry] = entries;
  if (!entry) throw new Error('There is no entry.');
  return { key: entry.key, stage: stageOf(entry), job: entry.job };
}

it('keeps one card from the first byte to the result', () => {
  const sending = only([upload({ kind: 'sending', sent: 2, interrupted: false }, null)], []);
  expect(sending.stage).toEqual({ kind: 'uploading', share: 0.25, interrupted: false });
  const sent = upload({ kind: 'sent' }, 'u1');
  const arrived = only([sent], []);
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

it('shows the newest run of what was tried again', () => {
  const runs = [
    sampleJob({ id: 'a', upload: 'u1', state: 'failed' }),
    sampleJob({ id: 'b', upload: 'u1', state: 'processing', run: 2, retryOf: 'a' }),
  ];
  expect(only([], runs).job?.id).toBe('b');
  expect(only([upload({ kind: 'sent' }, 'u1')], runs.toReversed()).job?.id).toBe('b');
});

it('keeps files apart that came under one name', () => {
  const source = sampleJob().source;
  const jobs = [
    sampleJob({ id: 'a', source: { ...source, generation: '1' } }),
    sampleJob({ id: 'b', source: { ...source, generation: '2' } }),
  ];
  expect(galleryEntries([], jobs)).toHaveLength(2);
});

it('puts the newest drop first and keeps the order within it', () => {
  const uploads = [
    upload({ kind: 'waiting', held: false }, null, 'one'),
    upload({ kind: 'waiting', held: false }, null, 'two'),
  ];
  const keys = galleryEntries(uploads, [sampleJob({ id: 'early' })]).map(({ key }) => key);
  expect(keys.slice(0, 2)).toEqual(['one:sketch', 'two:sketch']);
  expect(keys).toHaveLength(3);
});

it('shows a card no more whose job was deleted elsewhere, but does while the job has yet to come', () => {
  const sent = upload({ kind: 'sent' }, 'u1');
  expect(galleryEntries([sent], [], new Set(['u2:sketch']))).toHaveLength(1);
  expect(galleryEntries([sent], [], new Set(['u1:sketch']))).toHaveLength(0);
});
