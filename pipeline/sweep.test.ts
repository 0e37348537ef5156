import { OutageError } from '@spillway/core/errors.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { describe, expect, it } from 'vitest';
import { deliver } from './deliver.ts';
import { routeUpload } from './route.ts';
import { findLostUploads, sweepOnce } from './sweep.ts';
import { workbench } from './testing/workbench.ts';

const nothing = { freed: 0, published: 0, moved: 0, republished: 0, announced: 0 };

describe('a sweep', () => {
  it('does nothing where nothing was left behind', async () => {
    const bench = await workbench();
    await bench.drop();
    expect(await sweepOnce('a', bench.ports)).toEqual(nothing);
  });

  it('is done by one of many, and by another when that one is gone', async () => {
    const bench = await workbench();
    expect(await sweepOnce('a', bench.ports)).toEqual(nothing);
    expect(await sweepOnce('b', bench.ports)).toBeNull();
    bench.clock.advance(4_000);
    expect(await sweepOnce('b', bench.ports)).toEqual(nothing);
  });

  it('publishes a job whose router got no further than its reservation, once its time is up', async () => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
    await expect(routeUpload(object, null, bench.ports)).rejects.toThrow(OutageError);
    bench.ports.queue.publish = publish;
    expect(await sweepOnce('a', bench.ports)).toEqual(nothing);
    bench.clock.advance(3_001);
    await bench.vmBeats();
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, published: 1 });
    expect((await deliver(bench.take('vm'), bench.deliverer())).kind).toBe('succeeded');
  });

  it('frees the job of a worker that is gone, under a new epoch that makes the old message worthless', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const message = bench.take('vm');
    const never = new Promise<never>(() => {});
    void deliver(message, {
      ...bench.deliverer('vm-1', () => never),
      ports: { ...bench.ports, clock: deadClock(bench) },
    });
    await expect.poll(async () => (await bench.job(job?.id ?? '')).state).toBe('processing');
    bench.clock.advance(12_001);
    await bench.vmBeats();
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, freed: 1 });
    expect(await deliver(message, bench.deliverer('vm-2'))).toEqual({ kind: 'dropped', why: 'moved' });
    expect(await deliver(bench.take('vm'), bench.deliverer('vm-2'))).toMatchObject({
      kind: 'succeeded',
      job: { attempt: 2, route: { epoch: 1 } },
    });
  });

  it('moves what waits for VMs that are gone to Cloud Run, and leaves alone what waits well', async () => {
    const bench = await workbench();
    const [job] = await bench.drop();
    const old = bench.take('vm');
    bench.clock.advance(2_001);
    await bench.vmBeats();
    expect(await sweepOnce('a', bench.ports)).toEqual(nothing);
    bench.clock.advance(6_501);
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, moved: 1 });
    expect(await bench.job(job?.id ?? '')).toMatchObject({
      route: { target: 'run', reason: 'run_no_vm', epoch: 1 },
    });
    expect(await deliver(old, bench.deliverer())).toEqual({ kind: 'dropped', why: 'moved' });
    expect((await deliver(bench.take('run'), bench.deliverer('run-1'))).kind).toBe('succeeded');
  });

  it('keeps a job where it is when the other side could not take it', async () => {
    const routing = routingSettingsSchema.parse({ run: { enabled: false } });
    const bench = await workbench({ routing });
    await bench.drop();
    bench.clock.advance(10_000);
    expect(await sweepOnce('a', bench.ports)).toEqual(nothing);
  });

  it('goes on past a job that it cannot help, and ends it', async () => {
    const bench = await workbench();
    const [strange] = await bench.drop('sketch/strange.jpg');
    const [late] = await bench.drop('sketch/late.jpg');
    const stored = await bench.ports.jobs.get(strange?.id ?? '');
    if (stored) await bench.ports.jobs.replace(stored, { ...stored.job, operation: 'removed-since' });
    bench.clock.advance(7_000);
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, moved: 1 });
    expect(await bench.job(strange?.id ?? '')).toMatchObject({
      state: 'failed',
      error: { code: 'unknown_operation' },
    });
    expect((await bench.job(late?.id ?? '')).route.target).toBe('run');
  });

  it('republishes ever less often what waits for long', async () => {
    const routing = routingSettingsSchema.parse({ run: { enabled: false } });
    const bench = await workbench({ routing });
    await bench.drop();
    let republished = 0;
    for (let minute = 0; minute < 24 * 60; minute++) {
      bench.clock.advance(60_000);
      republished += (await sweepOnce('a', bench.ports))?.republished ?? 0;
    }
    expect(republished).toBeGreaterThan(5);
    expect(republished).toBeLessThan(15);
  });

  it('republishes what nobody has claimed for long, for its message may be lost', async () => {
    const bench = await workbench();
    await bench.drop();
    bench.take('vm');
    bench.clock.advance(30_001);
    await bench.vmBeats();
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, republished: 1 });
    expect(await sweepOnce('a', bench.ports)).toEqual(nothing);
    expect((await deliver(bench.take('vm'), bench.deliverer())).kind).toBe('succeeded');
  });

  it('announces an end that was recorded but not announced', async () => {
    const bench = await workbench();
    await bench.drop();
    const { announce } = bench.ports.queue;
    bench.ports.queue.announce = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
    expect((await deliver(bench.take('vm'), bench.deliverer())).kind).toBe('succeeded');
    bench.ports.queue.announce = announce;
    bench.clock.advance(5_001);
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, announced: 1 });
    expect(bench.ports.queue.announced).toHaveLength(1);
  });

  it('finds uploads whose event never came, once each', async () => {
    const bench = await workbench();
    bench.ports.blobs.upload('uploads', 'sketch/lost.jpg', Buffer.from('lost'));
    bench.ports.blobs.upload('uploads', '_ignored/lost.jpg', Buffer.from('lost'));
    const from = new Date(bench.clock.now().getTime() - 1);
    const to = new Date(bench.clock.now().getTime() + 1);
    expect(await findLostUploads(from, to, bench.ports)).toBe(1);
    expect(await findLostUploads(from, to, bench.ports)).toBe(0);
    expect(bench.ports.queue.messages.vm).toHaveLength(1);
  });
});

/** The clock of a process that no longer runs: it tells the time, and nothing comes of its timers. */
function deadClock(bench: Awaited<ReturnType<typeof workbench>>) {
  return { ...bench.clock, every: () => () => {} };
}
