import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { RetryableError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { thumbnailsName } from '@spillway/core/object-names.ts';
import { overTime } from '@spillway/core/steps.ts';
import { expect, it, onTestFinished } from 'vitest';
import { changeJob } from './change-job.ts';
import { deleteJob } from './delete.ts';
import type { Operate } from './executor.ts';
import { handleMessage } from './handle-message.ts';
import {
  copying,
  copyingWithThumbnails,
  textThumbnails,
  type Workbench,
  workbench,
} from './testing/workbench.ts';

const onSite = (bench: Workbench) =>
  bench.dropOnSite('visitor/upload/cat.jpg', { operation: 'sketch' }).then(([job]) => job as Job);

const isThere = async (bench: Workbench, name: string) =>
  (await bench.ports.blobs.read('results', name)) !== null;

/** Names in the results bucket. */
async function left(bench: Workbench): Promise<string[]> {
  const { objects } = await bench.ports.blobs.listPage('results', null);
  return objects.map(({ name }) => name);
}

/** What an attempt stored that did not come to its end. */
async function leave(bench: Workbench, job: Job, text: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-left-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'thumbnails');
  await writeFile(path, textThumbnails(text).bytes);
  const content = { from: { path }, contentType: 'application/octet-stream' };
  await bench.ports.blobs.writeOnce('results', thumbnailsName(job), content);
}

async function bytesAt(bench: Workbench, job: Job, place: { offset: number; size: number } | undefined) {
  const { name, generation } = job.result?.thumbnails ?? { name: '', generation: '' };
  if (!place) throw new Error('There is no such part.');
  const range = { first: place.offset, last: place.offset + place.size - 1 };
  const opened = await bench.ports.blobs.read('results', name, { generation, range });
  return opened && (await buffer(opened.stream)).toString();
}

it('of a visitor’s picture are one object beside the result, by bytes that the job names', async () => {
  const bench = await workbench();
  const { id } = await onSite(bench);
  await handleMessage(bench.take('vm'), bench.executor('vm-1', copyingWithThumbnails));
  const job = await bench.job(id);
  expect(await left(bench)).toHaveLength(3);
  expect(job.result).toMatchObject({
    thumbnails: { name: thumbnailsName(job), parts: [{ of: 'result' }, { of: 'source' }] },
    mask: { width: 3, height: 2 },
  });
  expect(await bytesAt(bench, job, job.result?.thumbnails?.parts[1])).toBe('source small');
  expect(await bytesAt(bench, job, job.result?.mask ?? undefined)).toBe('mask small');
});

it('are not made of what integrators send', async () => {
  const bench = await workbench();
  const [dropped] = await bench.drop();
  await handleMessage(bench.take('vm'), bench.executor('vm-1', copyingWithThumbnails));
  const job = await bench.job(dropped?.id);
  expect(job).toMatchObject({ state: 'succeeded', result: { thumbnails: null, mask: null } });
  expect(await left(bench)).toHaveLength(2);
});

it('that an attempt left which did not come to its end are adopted, with what they have', async () => {
  const bench = await workbench();
  const dropped = await onSite(bench);
  await leave(bench, dropped, 'of an earlier attempt');
  await handleMessage(bench.take('vm'), bench.executor('vm-1', copyingWithThumbnails));
  const job = await bench.job(dropped.id);
  expect(await bytesAt(bench, job, job.result?.thumbnails?.parts[1])).toBe('source of an earlier attempt');
});

it('fail no job: neither where they cannot be made, nor where they cannot be stored', async () => {
  const bench = await workbench();
  const notMade: Operate = async (request) => ({
    ...(await copying(request)),
    thumbnails: { kind: 'not_made', detail: 'Error: no.' },
  });
  const first = await onSite(bench);
  await handleMessage(bench.take('vm'), bench.executor('vm-1', notMade));
  const { writeOnce } = bench.ports.blobs;
  bench.ports.blobs.writeOnce = (bucket, name, content) =>
    name.endsWith('.thumbnails') ? Promise.reject(new Error('No.')) : writeOnce(bucket, name, content);
  const second = await onSite(bench);
  await handleMessage(bench.take('vm'), bench.executor('vm-1', copyingWithThumbnails));
  for (const { id } of [first, second]) {
    expect(await bench.job(id)).toMatchObject({ state: 'succeeded', result: { thumbnails: null } });
  }
});

it('are made by no attempt after one that failed, and what that left of them is removed', async () => {
  const bench = await workbench();
  const { id } = await onSite(bench);
  const wanted: unknown[] = [];
  const failing: Operate = async (request) => {
    wanted.push(request.thumbnails);
    if (wanted.length > 1) return copyingWithThumbnails(request);
    await leave(bench, await bench.job(id), 'of an attempt that failed');
    throw new RetryableError('out_of_memory', 'The picture needed more memory than the limit.');
  };
  const message = bench.take('vm');
  await handleMessage(message, bench.executor('vm-1', failing));
  await handleMessage(message, bench.executor('vm-2', failing));
  const job = await bench.job(id);
  expect(wanted).toEqual([true, false]);
  expect(job).toMatchObject({ state: 'succeeded', attempt: 2, result: { thumbnails: null } });
  expect(await isThere(bench, thumbnailsName(job))).toBe(false);
});

it('of a holder whose claim is lost do not stay beside the outcome that counts', async () => {
  const bench = await workbench();
  const { id } = await onSite(bench);
  const lost: Operate = async (request) => {
    const output = await copyingWithThumbnails(request);
    await overTime(changeJob(bench.ports.jobs, id, (job) => ({ ...job, state: 'cancelled', claim: null })));
    return output;
  };
  const outcome = await handleMessage(bench.take('vm'), bench.executor('vm-1', lost));
  expect(outcome.kind).toBe('dropped');
  expect(await left(bench)).toEqual([]);
});

it('go with the job that is deleted: nothing of it stays in the bucket', async () => {
  const bench = await workbench();
  const { id } = await onSite(bench);
  await handleMessage(bench.take('vm'), bench.executor('vm-1', copyingWithThumbnails));
  expect(await left(bench)).toHaveLength(3);
  await deleteJob(id, bench.ports);
  expect(await left(bench)).toEqual([]);
});
