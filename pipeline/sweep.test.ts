import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { steadyService, steadyStats } from '@spillway/core/testing/learned-service.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { describe, expect, it } from 'vitest';
import { handleMessage } from './handle-message.ts';
import { routeUpload } from './route.ts';
import { newSweepMemory, sweepOnce } from './sweep.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

const nothing = { freed: 0, decided: 0, published: 0, moved: 0, republished: 0, followed: 0, passedOver: 0 };

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
    expect((await handleMessage(bench.take('vm'), bench.executor())).kind).toBe('succeeded');
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
    void handleMessage(message, {
      ...bench.executor(`${target}-1`, () => never),
      ports: { ...bench.ports, timers: noTimers },
    });
    await expect.poll(async () => (await bench.job(job?.id)).state).toBe('processing');
    bench.clock.advance(12_001);
    if (target === 'vm') await bench.beats();
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, freed: 1 });
    expect(await bench.job(job?.id)).toMatchObject({ state: 'queued', claim: null, route: { epoch: 1 } });
    // On Cloud Run a message is its job: the old one is worthless. On a VM it is a turn, as good as the new one.
    if (target === 'run') {
      expect(await handleMessage(message, bench.executor('run-2'))).toMatchObject({
        kind: 'dropped',
        why: 'moved',
      });
    }
    expect(await handleMessage(bench.take(target), bench.executor(`${target}-2`))).toMatchObject({
      kind: 'succeeded',
      job: { attempt: 2, route: { epoch: 1 } },
    });
    expect((await handleMessage(message, bench.executor(`${target}-2`))).kind).toBe('dropped');
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
    expect((await handleMessage(bench.take('vm'), bench.executor())).kind).toBe('succeeded');
  });

  it('republishes what a sweep that was cut off could not', async () => {
    const bench = await workbench();
    await bench.drop();
    bench.take('vm');
    bench.clock.advance(30_001);
    await bench.beats();
    const memory = newSweepMemory();
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ republished: 0, passedOver: 1 });
    bench.ports.queue.publish = publish;
    bench.clock.advance(30_001);
    await bench.beats();
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ republished: 1 });
  });

  it('announces an end that was recorded but not announced', async () => {
    const bench = await workbench();
    await bench.drop();
    const { announce } = bench.ports.queue;
    bench.ports.queue.announce = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
    expect((await handleMessage(bench.take('vm'), bench.executor())).kind).toBe('succeeded');
    bench.ports.queue.announce = announce;
    bench.clock.advance(5_001);
    expect(await sweepOnce('a', bench.ports)).toEqual({ ...nothing, followed: 1 });
    expect(bench.ports.queue.announced).toHaveLength(1);
  });
});

describe('claims that have expired', () => {
  /** A job that a VM has in hand and can no longer renew, beside another VM. */
  async function claimedJob() {
    const bench = await workbench({ routing: routingSettingsSchema.parse({ run: { enabled: false } }) });
    const beats = (ids: string[]) => Promise.all(ids.map((id) => bench.beats({ id })));
    await beats(['vm-1', 'vm-2']);
    const [job] = await bench.drop();
    void handleMessage(bench.take('vm'), {
      ...bench.executor('vm-1', () => new Promise<never>(() => {})),
      claimMs: 9_000,
      ports: { ...bench.ports, timers: noTimers },
    });
    await expect.poll(async () => (await bench.job(job?.id)).state).toBe('processing');
    return { bench, beats, memory: newSweepMemory() };
  }

  it('are not freed while the whole fleet is in doubt, nor in the seconds after it', async () => {
    const { bench, beats, memory } = await claimedJob();
    bench.clock.advance(9_500);
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ freed: 0 });
    bench.clock.advance(1_000);
    await beats(['vm-1', 'vm-2']);
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ freed: 0 });
    bench.clock.advance(4_500);
    await beats(['vm-1', 'vm-2']);
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ freed: 1 });
  });

  it('are freed at once where one VM has fallen silent', async () => {
    const { bench, beats, memory } = await claimedJob();
    bench.clock.advance(8_000);
    await beats(['vm-2']);
    bench.clock.advance(1_500);
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ freed: 1 });
  });

  it('are freed in the end, though the fleet never comes back', async () => {
    const { bench, memory } = await claimedJob();
    let freed = 0;
    for (let ms = 0; ms < 20_000; ms += 500) {
      bench.clock.advance(500);
      freed += (await sweepOnce('a', bench.ports, memory))?.freed ?? 0;
    }
    expect(freed).toBe(1);
  });
});

/** Jobs whose router got no further than their reservation, and whose time is up. */
async function leftBehind(count: number): Promise<Workbench> {
  const bench = await workbench({ routing: routingSettingsSchema.parse({ run: { enabled: false } }) });
  for (let index = 0; index < count; index++) {
    const { source } = sampleJob();
    const id = String(index).padStart(32, '0');
    await bench.ports.jobs.create(sampleJob({ id, source: { ...source, name: `sketch/${index}.jpg` } }));
    bench.clock.advance(1);
  }
  bench.clock.advance(3_001);
  await bench.beats();
  return bench;
}

/** Lets the first look at what is ahead of a job fail for some jobs. */
function failFor(bench: Workbench, isBad: (name: string) => boolean, error: Error): void {
  const { ledgerInTurn } = bench.ports.sums;
  bench.ports.sums.ledgerInTurn = (stored, turnAfter) =>
    isBad(stored.job.source.name) ? Promise.reject(error) : ledgerInTurn(stored, turnAfter);
}

const numbered = (name: string) => Number(/\d+/.exec(name)?.[0]);

describe('one bad item', () => {
  it('that a service refuses ends as a failed job, and the others go on', async () => {
    const bench = await leftBehind(3);
    failFor(bench, (name) => numbered(name) === 0, new RefusedError('The value is too large.'));
    const memory = newSweepMemory();
    memory.resting.set('ended-elsewhere', { until: 0, times: 1 });
    expect(await sweepOnce('a', bench.ports, memory)).toEqual({ ...nothing, published: 2 });
    // A process that sweeps for months remembers none of them.
    expect([...memory.resting]).toEqual([]);
    const states = (await bench.jobs()).map(({ source, state, error }) => [
      numbered(source.name),
      state,
      error?.code,
    ]);
    expect(states.sort()).toEqual([
      [0, 'failed', 'service_refused'],
      [1, 'queued', undefined],
      [2, 'queued', undefined],
    ]);
    expect(await sweepOnce('a', bench.ports)).toEqual(nothing);
  });

  it('that can neither be helped nor ended does not hide those behind it, though a hundred come first', async () => {
    const bench = await leftBehind(130);
    failFor(bench, (name) => numbered(name) < 120, new TypeError('A fault of ours.'));
    const memory = newSweepMemory();
    expect(await sweepOnce('a', bench.ports, memory)).toEqual({ ...nothing, published: 10, passedOver: 120 });
    const [first] = await bench.ports.passedOver.recent(200);
    expect(first).toMatchObject({ task: 'sweep', why: 'A fault of ours.', times: 1 });
    expect(first?.item).toMatch(/^gs:\/\/uploads\/sketch\/\d+\.jpg#\d+ \(job \w+\)$/);
    // They rest, and are tried again.
    expect(await sweepOnce('a', bench.ports, memory)).toEqual(nothing);
    bench.clock.advance(61_000);
    await bench.beats();
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ published: 0, passedOver: 120 });
    expect(await bench.ports.passedOver.recent(1)).toMatchObject([{ times: 2 }]);
  });

  it('is gone past by the next sweep, where there are more than one looks at', async () => {
    const bench = await leftBehind(1_005);
    failFor(bench, (name) => numbered(name) < 1_003, new TypeError('A fault of ours.'));
    const memory = newSweepMemory();
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ published: 0, passedOver: 1_000 });
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ published: 2, passedOver: 3 });
  });

  it('does not keep a sweep at one list: it leaves that after five seconds, and the next one goes on', async () => {
    const bench = await leftBehind(300);
    const { ledgerInTurn } = bench.ports.sums;
    bench.ports.sums.ledgerInTurn = (stored, turnAfter) => {
      bench.clock.advance(40);
      return ledgerInTurn(stored, turnAfter);
    };
    const memory = newSweepMemory();
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ published: 200 });
    expect(await sweepOnce('a', bench.ports, memory)).toMatchObject({ published: 100 });
  });

  it('that alone meets an outage lets the others pass; an outage for all stops the sweep', async () => {
    const bench = await leftBehind(20);
    failFor(bench, (name) => numbered(name) === 0, new OutageError('It has changed too often.'));
    expect(await sweepOnce('a', bench.ports)).toMatchObject({ published: 19, passedOver: 1 });
    const others = await leftBehind(20);
    let calls = 0;
    others.ports.sums.ledgerInTurn = () => {
      calls++;
      return Promise.reject(new OutageError('Firestore did not answer.'));
    };
    await expect(sweepOnce('a', others.ports)).rejects.toThrow(OutageError);
    expect(calls).toBeLessThan(10);
  });

  it('of one part of the sweep does not keep the other parts from their work', async () => {
    const bench = await leftBehind(1);
    bench.ports.backlog.abandoned = () =>
      Promise.reject(new RefusedError('It needs an index.', { scope: 'service' }));
    await expect(sweepOnce('a', bench.ports)).rejects.toThrow('It needs an index.');
    expect(bench.ports.queue.messages.vm).toHaveLength(1);
  });
});

/** The timers of a process that no longer runs. */
const noTimers = { every: () => () => {} };
