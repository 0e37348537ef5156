import { OutageError, PermanentError } from '@spillway/core/errors.ts';
import { describe, expect, it } from 'vitest';
import { cancelJob } from './cancel.ts';
import { deleteJob } from './delete.ts';
import { handleMessage } from './handle-message.ts';
import { retryJob } from './retry.ts';
import { routeUpload } from './route.ts';
import { workbench } from './testing/workbench.ts';

async function failedJob() {
  const bench = await workbench();
  const [job] = await bench.drop();
  const broken = async () => {
    throw new PermanentError('corrupt_image');
  };
  await handleMessage(bench.take('vm'), bench.executor('vm-1', broken));
  return { bench, id: job?.id ?? '' };
}

describe('a retry', () => {
  it('is a new job of the next run, with a clock of its own, however often it is asked for', async () => {
    const { bench, id } = await failedJob();
    bench.clock.advance(3_600_000);
    await bench.beats();
    const retries = await Promise.all([retryJob(id, bench.ports), retryJob(id, bench.ports)]);
    await retryJob(id, bench.ports);
    expect(new Set(retries.map((retry) => retry.kind === 'retried' && retry.job.id)).size).toBe(1);
    expect(bench.ports.queue.messages.vm).toHaveLength(1);
    const outcome = await handleMessage(bench.take('vm'), bench.executor());
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      job: { run: 2, retryOf: id, route: { reason: 'vm_in_time' } },
    });
    expect((await bench.job(id)).state).toBe('failed');
  });

  it('is refused where it makes no sense', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    expect(await retryJob('none', bench.ports)).toEqual({ kind: 'refused', why: 'unknown' });
    expect(await retryJob(job?.id ?? '', bench.ports)).toEqual({ kind: 'refused', why: 'not_ended' });
    await handleMessage(bench.take('vm'), bench.executor());
    expect(await retryJob(job?.id ?? '', bench.ports)).toEqual({ kind: 'refused', why: 'succeeded' });
    await deleteJob(job?.id ?? '', bench.ports);
    expect(await retryJob(job?.id ?? '', bench.ports)).toEqual({ kind: 'refused', why: 'deleted' });
    const [unknown] = await bench.drop('paint/cat.jpg');
    expect(await retryJob(unknown?.id ?? '', bench.ports)).toEqual({ kind: 'refused', why: 'not_runnable' });
  });
});

describe('a cancellation', () => {
  it('ends a waiting job, so that its message is dropped', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    expect(await cancelJob(job?.id ?? '', bench.ports)).toMatchObject({
      kind: 'cancelled',
      job: { state: 'cancelled' },
    });
    expect(await handleMessage(bench.take('vm'), bench.executor())).toMatchObject({
      kind: 'dropped',
      why: 'ended',
    });
    expect(await cancelJob(job?.id ?? '', bench.ports)).toEqual({ kind: 'refused', why: 'ended' });
    expect(await cancelJob('none', bench.ports)).toEqual({ kind: 'refused', why: 'unknown' });
  });
});

describe('a deletion', () => {
  it('leaves nothing that an attempt wrote which did not count', async () => {
    const { bench, id } = await failedJob();
    const { source } = await bench.job(id);
    const name = `sketch/cat.${source.generation}.${id.slice(0, 8)}.png`;
    const content = { from: { text: 'from an earlier attempt' }, contentType: 'image/png' };
    await bench.ports.blobs.writeOnce('results', name, content);
    await deleteJob(id, bench.ports);
    expect(await bench.ports.blobs.read('results', name)).toBeNull();
    expect(await bench.ports.blobs.read('results', name.replace('.png', '.error.json'))).toBeNull();
  });

  it('that was cut off before the source was removed can be repeated', async () => {
    const { bench, id } = await failedJob();
    const { remove } = bench.ports.blobs;
    bench.ports.blobs.remove = () => Promise.reject(new OutageError('Cloud Storage did not answer.'));
    await expect(deleteJob(id, bench.ports)).rejects.toThrow(OutageError);
    bench.ports.blobs.remove = remove;
    expect(await deleteJob(id, bench.ports)).toBe(true);
    expect(await bench.ports.blobs.read('uploads', 'sketch/cat.jpg')).toBeNull();
  });

  it('removes results and, with the last job, the source; a repeated event does not bring the job back', async () => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'x.jpg', Buffer.from('x'), {
      operation: 'sketch, paint',
    });
    const [sketch, paint] = await routeUpload(object, null, bench.ports);
    await handleMessage(bench.take('vm'), bench.executor());
    const { result } = await bench.job(sketch?.id ?? '');
    expect(await deleteJob(sketch?.id ?? '', bench.ports)).toBe(true);
    expect(await bench.ports.blobs.read('results', result?.name ?? '')).toBeNull();
    expect(await bench.ports.blobs.read('results', result?.receipt ?? '')).toBeNull();
    expect(await bench.ports.blobs.read('uploads', 'x.jpg')).not.toBeNull();
    expect(await deleteJob(paint?.id ?? '', bench.ports)).toBe(true);
    expect(await bench.ports.blobs.read('uploads', 'x.jpg')).toBeNull();

    await routeUpload(object, null, bench.ports);
    expect(bench.ports.queue.messages.vm).toHaveLength(0);
    expect((await bench.job(sketch?.id ?? '')).deletedAt).not.toBeNull();
    expect(await deleteJob('none', bench.ports)).toBe(false);
  });
});

it.each(['__proto__', '..', 'a/b/c', '', '\ud800', 'a\0', 'x'.repeat(1_501)])(
  'there is no job %j to retry, to cancel or to delete',
  async (id) => {
    const { ports } = await workbench();
    expect(await retryJob(id, ports)).toEqual({ kind: 'refused', why: 'unknown' });
    expect(await cancelJob(id, ports)).toEqual({ kind: 'refused', why: 'unknown' });
    expect(await deleteJob(id, ports)).toBe(false);
  },
);
