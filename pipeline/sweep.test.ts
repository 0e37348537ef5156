import { OutageError } from '@spillway/core/errors.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { steadyService, steadyStats } from '@spillway/core/testing/learned-service.ts';
import { describe, expect, it } from 'vitest';
import { deliver } from './deliver.ts';
import { routeUpload } from './route.ts';
import { findLostUploads, sweepOnce } from './sweep.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

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
    await bench.beats();
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, published: 1 });
    expect((await deliver(bench.take('vm'), bench.deliverer())).kind).toBe('succeeded');
  });

  it.each([
    ['a VM', 'vm'],
    ['Cloud Run', 'run'],
  ] as const)('frees the job of a worker on %s that is gone', async (_, target) => {
    const bench = await workbench();
    if (target === 'run') await bench.beats({ state: 'stopped' });
    const [job] = await bench.drop();
    const message = bench.take(target);
    const never = new Promise<never>(() => {});
    void deliver(message, {
      ...bench.deliverer(`${target}-1`, () => never),
      ports: { ...bench.ports, clock: deadClock(bench) },
    });
    await expect.poll(async () => (await bench.job(job?.id)).state).toBe('processing');
    bench.clock.advance(12_001);
    if (target === 'vm') await bench.beats();
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, freed: 1 });
    expect(await bench.job(job?.id)).toMatchObject({ state: 'queued', claim: null, route: { epoch: 1 } });
    // On Cloud Run a message is its job: the old one is worthless. On a VM it is a turn, as good as the new one.
    if (target === 'run') {
      expect(await deliver(message, bench.deliverer('run-2'))).toEqual({ kind: 'dropped', why: 'moved' });
    }
    expect(await deliver(bench.take(target), bench.deliverer(`${target}-2`))).toMatchObject({
      kind: 'succeeded',
      job: { attempt: 2, route: { epoch: 1 } },
    });
    expect((await deliver(message, bench.deliverer(`${target}-2`))).kind).toBe('dropped');
  });

  it('keeps a job where it is when the other side could not take it', async () => {
    const routing = routingSettingsSchema.parse({ run: { enabled: false } });
    const bench = await workbench({ routing });
    await bench.drop();
    bench.clock.advance(10_000);
    expect(await sweepOnce('a', bench.ports)).toEqual(nothing);
  });

  it('keeps what workers have learned, for when none of them is there to say it', async () => {
    const bench = await workbench();
    const perOperation = { sketch: steadyStats(3) };
    await bench.beats({ perOperation, delivery: { p50: 40, p90: 40, count: 9 } });
    await sweepOnce('a', bench.ports);
    bench.clock.advance(3_600_000);
    await bench.beats();
    await sweepOnce('a', bench.ports);
    const [job] = await bench.drop();
    expect(job?.route.predicted?.vm).toMatchObject({ waitMs: 40, spreadMs: 0 });
    expect(job?.route.workMs).toBeCloseTo(3 * 150, -1);
    expect(await bench.ports.routerStates.read()).toMatchObject({
      learned: { vm: { sketch: steadyService(3) } },
    });
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
    await bench.beats();
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
function deadClock(bench: Workbench) {
  return { ...bench.clock, every: () => () => {} };
}
