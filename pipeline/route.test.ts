import { OutageError } from '@spillway/core/errors.ts';
import { describe, expect, it } from 'vitest';
import { routeUpload } from './route.ts';
import { workbench } from './testing/workbench.ts';

describe('a finalized upload', () => {
  it('becomes a published job with its route explained', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    expect(job).toMatchObject({ state: 'queued', route: { target: 'vm', reason: 'vm_in_time', epoch: 0 } });
    expect(job?.publishedAt).not.toBeNull();
    expect(bench.take('vm')).toEqual({ schemaVersion: 1, jobId: job?.id, epoch: 0 });
  });

  it('makes one job however often and by however many its event is repeated', async () => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    const routed = await Promise.all(Array.from({ length: 8 }, () => routeUpload(object, null, bench.ports)));
    await routeUpload(object, null, bench.ports);
    expect(new Set(routed.flat().map(({ id }) => id)).size).toBe(1);
    expect((await bench.ports.jobs.find({}, 10, null)).jobs).toHaveLength(1);
  });

  it.each(['create', 'ahead', 'replace'] as const)(
    'goes on after an outage at %s when its event comes again',
    async (method) => {
      const bench = await workbench();
      const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
      const original = bench.ports.jobs[method];
      const outage = () => Promise.reject(new OutageError('Firestore did not answer.'));
      Object.assign(bench.ports.jobs, { [method]: outage });
      await expect(routeUpload(object, null, bench.ports)).rejects.toThrow(OutageError);
      Object.assign(bench.ports.jobs, { [method]: original });
      await routeUpload(object, null, bench.ports);
      expect(bench.ports.queue.messages.vm).toHaveLength(1);
    },
  );

  it('goes on after an outage of Pub/Sub when its event comes again', async () => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
    await expect(routeUpload(object, null, bench.ports)).rejects.toThrow(OutageError);
    bench.ports.queue.publish = publish;
    await routeUpload(object, null, bench.ports);
    expect(bench.ports.queue.messages.vm).toHaveLength(1);
  });

  it('fills the VMs and spills the rest, each router seeing the work of the others', async () => {
    const bench = await workbench();
    await Promise.all(Array.from({ length: 30 }, (_, index) => bench.drop(`sketch/${index}.jpg`)));
    const { vm, run } = bench.ports.queue.messages;
    // Two slots, 300 ms each: 100 + 1.2 * (300 n / 2 + 300) stays within the 2 s up to n = 8 before a job; Cloud Run,
    // cold, would take 3.6 s, so that the VMs are sooner up to n = 17.
    expect(vm.length).toBe(18);
    expect(run.length).toBe(12);
  });

  it('that names no known operation becomes a failed job with a report, and no message', async () => {
    const bench = await workbench();
    const [job] = await bench.drop('paint/cat.jpg');
    expect(job).toMatchObject({ state: 'failed', error: { code: 'unknown_operation' }, operation: 'paint' });
    const name = `_unknown/paint/cat.${job?.source.generation}.${job?.id.slice(0, 8)}.error.json`;
    expect(await bench.ports.blobs.read('results', name)).not.toBeNull();
    expect(bench.ports.queue.messages).toEqual({ vm: [], run: [] });
    expect(bench.ports.queue.announced).toMatchObject([{ event: { state: 'failed' } }]);
  });
});
