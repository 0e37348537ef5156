import { PermanentError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { expect, it } from 'vitest';
import { cancelJob } from './cancel.ts';
import { deleteJob } from './delete.ts';
import { handleMessage } from './handle-message.ts';
import { rerunJob } from './rerun.ts';
import { workbench } from './testing/workbench.ts';

const blur = (value: number) => ({ operation: 'sketch', options: { blur: value } });

async function droppedJob(metadata: Record<string, string> = {}) {
  const bench = await workbench();
  const [job] = await bench.drop('sketch/cat.jpg', { batch: 'b1', 'batch-index': '7', ...metadata });
  if (!job) throw new Error('The drop gave no job.');
  return { bench, job };
}

const started = (rerun: Awaited<ReturnType<typeof rerunJob>>): Job => {
  if (rerun.kind === 'refused') throw new Error(rerun.why);
  return rerun.job;
};

it('is a job on the same source, in the same place of its batch, with a clock of its own', async () => {
  const { bench, job } = await droppedJob();
  await handleMessage(bench.take('vm'), bench.executor());
  bench.clock.advance(3_600_000);
  await bench.beats();
  const rerun = await rerunJob(job, blur(5), 'single', bench.ports);
  expect(rerun).toMatchObject({ kind: 'started', job: { rerunOf: job.id, retryOf: null, run: 1 } });
  const outcome = await handleMessage(bench.take('vm'), bench.executor());
  expect(outcome).toMatchObject({
    kind: 'succeeded',
    job: {
      source: job.source,
      owner: job.owner,
      upload: job.upload,
      batch: 'b1',
      batchIndex: 7,
      options: { blur: 5 },
      route: { reason: 'vm_in_time' },
    },
  });
  const { deadlineAt, createdAt, timings } = await bench.job(started(rerun).id);
  expect(deadlineAt > createdAt).toBe(true);
  expect(timings?.totalMs).toBeLessThan(60_000);
});

it('is the job that is there, where the same was asked for before, at once or later', async () => {
  const { bench, job } = await droppedJob();
  const reruns = await Promise.all([1, 2].map(() => rerunJob(job, blur(5), 'single', bench.ports)));
  expect(new Set(reruns.map((rerun) => started(rerun).id)).size).toBe(1);
  expect(await rerunJob(job, blur(5), 'single', bench.ports)).toMatchObject({ kind: 'there' });
  expect(await rerunJob(job, { operation: 'sketch', options: job.options }, 'single', bench.ports)).toEqual({
    kind: 'there',
    job: await bench.job(job.id),
  });
});

it('runs again what has failed, was cancelled or was deleted', async () => {
  const { bench, job } = await droppedJob();
  const same = { operation: 'sketch', options: job.options };
  const broken = async () => {
    throw new PermanentError('corrupt_image');
  };
  await handleMessage(bench.take('vm'), bench.executor('vm-1', broken));
  const second = started(await rerunJob(job, same, 'single', bench.ports));
  expect(second.run).toBe(2);
  await cancelJob(second.id, bench.ports);
  const third = started(await rerunJob(job, same, 'single', bench.ports));
  expect(third.run).toBe(3);
  await deleteJob(third.id, bench.ports);
  expect(await rerunJob(job, same, 'single', bench.ports)).toMatchObject({
    kind: 'started',
    job: { run: 4, retryOf: null, rerunOf: job.id },
  });
});

it('is bulk in a large batch, and interactive alone', async () => {
  const { bench, job } = await droppedJob({ 'batch-size': '500' });
  expect(job.class).toBe('bulk');
  expect(started(await rerunJob(job, blur(5), 'single', bench.ports)).class).toBe('interactive');
  expect(started(await rerunJob(job, blur(7), 'batch', bench.ports))).toMatchObject({
    class: 'bulk',
    batchSize: 500,
    route: { reason: 'reserved' },
  });
});

it('is refused where it makes no sense', async () => {
  const { bench, job } = await droppedJob();
  const ask = (operation: string, options = {}) =>
    rerunJob(job, { operation, options }, 'single', bench.ports);
  expect(await ask('paint')).toEqual({ kind: 'refused', why: 'not_runnable' });
  expect(await ask('sketch', { blur: 'much' })).toMatchObject({ kind: 'refused', why: 'invalid_options' });
  await deleteJob(job.id, bench.ports);
  const deleted = await bench.job(job.id);
  expect(await rerunJob(deleted, blur(5), 'single', bench.ports)).toEqual({
    kind: 'refused',
    why: 'deleted',
  });
});
