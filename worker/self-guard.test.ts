import type { Control } from '@spillway/core/heartbeat.ts';
import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { givenBack, type Outcome } from '@spillway/pipeline/outcome.ts';
import { manualClock, timeOf } from '@spillway/pipeline/testing/manual-clock.ts';
import { describe, expect, it } from 'vitest';
import { startHeartbeats } from './heartbeats.ts';
import { createMachineMeter } from './machine-metrics.ts';
import { ownControl } from './own-control.ts';
import { createSelfGuard } from './self-guard.ts';
import type { SelfTestProblem } from './self-test.ts';

const ill: SelfTestProblem = { lack: null, why: 'sketch: The child crashed.' };
const full: SelfTestProblem = { lack: 'disk', why: 'Its disk is full or fails.' };

function guarded(test: (wantedBytes: number) => Promise<SelfTestProblem | null> = async () => ill) {
  const clock = manualClock();
  const ports = createMemoryPorts(timeOf(clock));
  const changes: boolean[] = [];
  const tests: number[] = [];
  const own = ownControl('vm-1', ports.fleet);
  const guard = createSelfGuard({
    worker: 'vm-1',
    ports,
    control: own,
    test: (wantedBytes) => {
      tests.push(wantedBytes);
      return test(wantedBytes);
    },
    onChange: (paused) => changes.push(paused),
  });
  const control = () => ports.fleet.control('vm-1');
  return { guard, clock, ports, changes, own, control, tests };
}

type World = ReturnType<typeof guarded>;

/** Lets a test that is under way end. */
const settled = () => new Promise(setImmediate);

interface Served {
  owner?: string | null;
  predictedMs?: number;
  claimedPixels?: number | null;
  decodedPixels?: number | null;
  size?: number;
}

function served(changes: Served = {}): Outcome {
  const {
    owner = null,
    predictedMs = 100,
    claimedPixels = null,
    decodedPixels = null,
    size = 1_000,
  } = changes;
  const job = sampleJob({ owner });
  const vm = {
    waitMs: 0,
    deliveryMs: 0,
    serviceMs: predictedMs,
    ioMs: 0,
    spreadMs: 0,
    finishMs: 0,
    dollars: 0,
    inTime: true,
  };
  const predicted = { vm, run: null, runClosed: null, budgetMs: 0 };
  const result = {
    bucket: 'results',
    name: 'sketch/cat.png',
    generation: '1',
    contentType: 'image/png',
    size: 1,
    crc32c: '',
    width: 1,
    height: 1,
    decodedPixels,
    model: null,
    notes: [],
    receipt: '',
    thumbnails: null,
    mask: null,
  };
  const source = { ...job.source, size, pixels: claimedPixels };
  return {
    kind: 'succeeded',
    ack: true,
    job: { ...job, source, result, route: { ...job.route, predicted } },
  };
}

const failed = (id: string, owner: string | null = id): Outcome =>
  givenBack('The child crashed.', { failed: sampleJob({ id, owner }) });
const lacking = (wantedBytes = 0): Outcome =>
  givenBack('Its disk is full or fails.', { lack: { what: 'disk', wantedBytes } });

async function failThrice({ guard }: World): Promise<void> {
  for (const job of ['a', 'b', 'c']) guard.observe(failed(job), 1);
  await settled();
}

describe('a VM that fails', () => {
  it('pauses itself when the jobs of three senders failed in a row and its test picture does as well', async () => {
    const world = guarded();
    const { guard, ports, changes, control } = world;
    await ports.fleet.changeControl('vm-1', { drain: true });
    guard.observe(failed('a'), 1);
    guard.observe(failed('b'), 1);
    await settled();
    expect(world.tests).toEqual([]);
    guard.observe(failed('c'), 1);
    expect(guard.paused).toBe(false);
    await settled();
    expect(guard.paused).toBe(true);
    expect(changes).toEqual([true]);
    const why = 'Its last 3 jobs failed. sketch: The child crashed.';
    await expect.poll(control).toMatchObject({ drain: true, pause: { why } });
  });

  it('goes on when its test picture goes well, and does not try again for the same jobs', async () => {
    const world = guarded(async () => null);
    await failThrice(world);
    world.guard.observe(failed('d'), 1);
    world.guard.observe(failed('e'), 1);
    await settled();
    expect([world.guard.paused, world.tests.length, world.changes]).toEqual([false, 1, []]);
    world.guard.observe(failed('f'), 1);
    await settled();
    expect(world.tests).toHaveLength(2);
  });

  it('goes on working while the test is under way, and makes one at a time', async () => {
    const test = Promise.withResolvers<SelfTestProblem | null>();
    const world = guarded(() => test.promise);
    await failThrice(world);
    for (const job of ['d', 'e', 'f']) world.guard.observe(failed(job), 1);
    expect([world.guard.paused, world.tests.length]).toEqual([false, 1]);
    test.resolve(ill);
    await settled();
    expect(world.guard.paused).toBe(true);
  });

  it('does not doubt itself for one sender’s pictures, with an owner or without', async () => {
    const world = guarded();
    for (let attempt = 0; attempt < 20; attempt++) world.guard.observe(failed('same', 'ann'), 1);
    for (let job = 0; job < 7; job++) world.guard.observe(failed(`job ${job}`, null), 1);
    await settled();
    expect(world.tests).toEqual([]);
  });

  it('does not when jobs between go well, nor for outages and for what is the input’s fault', async () => {
    const world = guarded();
    for (const job of ['b', 'c', 'd', 'e']) {
      world.guard.observe(failed(job), 1);
      world.guard.observe(served(), 100);
    }
    const job = sampleJob();
    for (let index = 0; index < 12; index++) {
      world.guard.observe(givenBack('Firestore did not answer.'), 1);
      const own = { ...job, id: String(index), owner: String(index) };
      const corrupt = { code: 'corrupt_image', message: '', retryable: false } as const;
      const poison = { code: 'poison', message: '', retryable: true, blame: 'input' } as const;
      world.guard.observe({ kind: 'failed', ack: true, job: own, error: index % 2 ? corrupt : poison }, 1);
    }
    await settled();
    expect(world.tests).toEqual([]);
  });
});

describe('a VM that has become slow', () => {
  it('pauses itself when one job in ten takes more than three times as long, and so does its test picture', async () => {
    const world = guarded(async () => ({ lack: null, why: 'sketch took 5.0 times as long as it should.' }));
    for (let index = 0; index < 18; index++) world.guard.observe(served({ predictedMs: 400 }), 400);
    world.guard.observe(served({ predictedMs: 400 }), 1_201);
    expect(world.tests).toEqual([]);
    world.guard.observe(served({ predictedMs: 400 }), 1_201);
    world.guard.observe(served({ predictedMs: 400 }), 1_201);
    await settled();
    expect(world.guard.paused).toBe(true);
  });

  it.each<[string, number, Outcome, number]>([
    ['few jobs', 19, served({ predictedMs: 400 }), 9_000],
    ['times so short that everything else matters as much', 20, served({ predictedMs: 20 }), 700],
    ['jobs of which nothing was predicted', 20, { kind: 'succeeded', ack: true, job: sampleJob() }, 9_000],
    [
      'pictures that are larger than their sender said',
      26,
      // 200 ms for 1 megapixel were predicted; 100 megapixels were decoded, for which 5,150 ms are usual.
      served({ predictedMs: 200, size: 300_000, claimedPixels: 1e6, decodedPixels: 100e6 }),
      10_000,
    ],
  ])('does not doubt itself for %s', async (_, count, outcome, ms) => {
    const world = guarded();
    for (let index = 0; index < count; index++) world.guard.observe(outcome, ms);
    await settled();
    expect(world.tests).toEqual([]);
  });

  it('does for pictures that are smaller than their sender said', async () => {
    const world = guarded();
    const small = served({ predictedMs: 1_000, size: 6_000_000, claimedPixels: 20e6, decodedPixels: 1e6 });
    for (let index = 0; index < 20; index++) world.guard.observe(small, 1_000);
    await settled();
    expect(world.guard.paused).toBe(true);
  });
});

describe('a paused VM', () => {
  it('reopens after a self-test that went well, and not before', async () => {
    let isWell = false;
    const world = guarded(async () => (isWell ? null : ill));
    await failThrice(world);
    await expect.poll(world.control).toMatchObject({ pause: { why: expect.any(String) } });
    isWell = true;
    world.clock.advance(4_999);
    expect(world.guard.paused).toBe(true);
    world.clock.advance(1);
    await expect.poll(() => world.guard.paused).toBe(false);
    await expect.poll(world.control).toMatchObject({ pause: null });
    expect(world.changes).toEqual([true, false]);
  });

  it('waits twice as long after each test that went wrong', async () => {
    let tests = 0;
    const world = guarded(async () => (++tests < 4 ? ill : null));
    await failThrice(world);
    for (const [pauseMs, testsThen] of [
      [5_000, 2],
      [10_000, 3],
      [20_000, 4],
    ] as const) {
      world.clock.advance(pauseMs - 1);
      expect(tests).toBe(testsThen - 1);
      world.clock.advance(1);
      expect(tests).toBe(testsThen);
      // The next timer is set once the test's outcome is known.
      await settled();
    }
    expect(world.guard.paused).toBe(false);
  });

  it('reopens when a person takes the pause away', async () => {
    const world = guarded();
    await failThrice(world);
    await expect.poll(world.control).toMatchObject({ pause: { why: expect.any(String) } });
    world.guard.onControl(await world.control());
    expect(world.guard.paused).toBe(true);
    world.guard.onControl({ drain: false, pause: null });
    expect(world.guard.paused).toBe(false);
  });

  it('begins its next life paused, with a test at once', async () => {
    const world = guarded(async () => null);
    world.guard.onControl({ drain: false, pause: { why: 'Its last 3 jobs failed.', since: new Date() } });
    expect(world.changes).toEqual([true]);
    await expect.poll(() => world.guard.paused).toBe(false);
  });
});

describe('a VM whose machine lacks something', () => {
  it('takes nothing more from the first such job on, says what it lacks, and looks every five seconds', async () => {
    let isFull = true;
    const world = guarded(async () => (isFull ? full : null));
    world.guard.observe(lacking(), 1);
    expect(world.guard.paused).toBe(true);
    expect(world.guard.lacks).toEqual(['disk']);
    await expect.poll(world.control).toMatchObject({ pause: { why: 'Its disk is full or fails.' } });
    for (let look = 0; look < 6; look++) {
      world.clock.advance(5_000);
      await settled();
    }
    expect(world.tests).toHaveLength(7);
    isFull = false;
    world.clock.advance(5_000);
    await settled();
    expect([world.guard.paused, world.guard.lacks]).toEqual([false, []]);
    expect(world.changes).toEqual([true, false]);
    await expect.poll(world.control).toMatchObject({ pause: null });
  });

  it('goes on as soon as a self-test shows that it was this one job which used it up', async () => {
    const world = guarded(async () => null);
    world.guard.observe(lacking(), 1);
    expect(world.guard.paused).toBe(true);
    await settled();
    expect([world.guard.paused, world.guard.lacks]).toEqual([false, []]);
  });

  it('asks its disk for the most that a job wanted of it', async () => {
    const world = guarded(async () => full);
    world.guard.observe(lacking(5_000_000), 1);
    world.guard.observe(lacking(60_000_000), 1);
    world.guard.observe(lacking(1_000), 1);
    await settled();
    world.clock.advance(5_000);
    expect(world.tests).toEqual([5_000_000, 60_000_000]);
  });

  it('tests again where a job found something lacking while the test was under way', async () => {
    const underWay = Promise.withResolvers<SelfTestProblem | null>();
    const results = [underWay.promise, Promise.resolve(full)];
    const world = guarded(() => results.shift() ?? Promise.resolve(null));
    world.guard.observe(lacking(5_000_000), 1);
    world.guard.observe(lacking(60_000_000), 1);
    underWay.resolve(null);
    await settled();
    expect(world.tests).toEqual([5_000_000, 60_000_000]);
    expect([world.guard.paused, world.changes]).toEqual([true, [true]]);
    world.clock.advance(5_000);
    await settled();
    expect(world.guard.paused).toBe(false);
  });

  it('says what it lacks now, where that changes', async () => {
    const problems: (SelfTestProblem | null)[] = [
      full,
      { lack: 'memory', why: 'It has no memory left.' },
      ill,
      null,
    ];
    const world = guarded(async () => problems.shift() ?? null);
    world.guard.onLack('disk', 0);
    await settled();
    const seen = [world.guard.lacks];
    for (const ms of [5_000, 5_000]) {
      world.clock.advance(ms);
      await settled();
      seen.push(world.guard.lacks);
    }
    expect(seen).toEqual([['disk'], ['memory'], []]);
    expect(world.guard.paused).toBe(true);
  });
});

/** Heartbeats whose first reading of the control is made at once, and arrives when `arrive` is called. */
function slowHeartbeats({ guard, ports, own }: World) {
  const { control } = ports.fleet;
  const arrived = Promise.withResolvers<void>();
  const made = Promise.withResolvers<void>();
  ports.fleet.control = async (id) => {
    ports.fleet.control = control;
    const reading = await control(id);
    made.resolve();
    await arrived.promise;
    return reading;
  };
  const { ageMs: _, ...report } = sampleWorker({ id: 'vm-1' });
  const onControl = (wanted: Control) => guard.onControl(wanted);
  const heartbeats = startHeartbeats({
    everyMs: 2_000,
    readMachine: createMachineMeter(process.pid),
    ports,
    report: () => report,
    control: own,
    onControl,
  });
  const beat = heartbeats.runNow();
  return {
    made: made.promise,
    async arrive() {
      arrived.resolve();
      await beat;
    },
    beat: heartbeats.runNow,
  };
}

describe('a reading of its control that arrives late', () => {
  it('does not take away a pause that was noted after it', async () => {
    const world = guarded();
    const heartbeats = slowHeartbeats(world);
    await heartbeats.made;
    await failThrice(world);
    await expect.poll(world.control).toMatchObject({ pause: { why: expect.any(String) } });
    await heartbeats.arrive();
    expect([world.guard.paused, world.changes]).toEqual([true, [true]]);
    await world.ports.fleet.changeControl('vm-1', { pause: null });
    await heartbeats.beat();
    expect(world.guard.paused).toBe(false);
  });

  it('does not bring back a pause that was taken away after it', async () => {
    let isIll = true;
    const world = guarded(async () => (isIll ? full : null));
    world.guard.onLack('disk', 0);
    await expect.poll(world.control).toMatchObject({ pause: { why: expect.any(String) } });
    await settled();
    const heartbeats = slowHeartbeats(world);
    await heartbeats.made;
    isIll = false;
    world.clock.advance(5_000);
    await expect.poll(world.control).toMatchObject({ pause: null });
    await heartbeats.arrive();
    expect([world.guard.paused, world.changes]).toEqual([false, [true, false]]);
  });

  it('counts for nothing while a write of its own is under way, whose order nobody knows', async () => {
    const world = guarded();
    const { changeControl } = world.ports.fleet;
    const written = Promise.withResolvers<void>();
    world.ports.fleet.changeControl = async (...change) => {
      await written.promise;
      await changeControl(...change);
    };
    const first = world.own.change({ pause: { why: 'It failed.', since: new Date() } });
    const second = world.own.change({ pause: null });
    expect(await world.own.read()).toBeNull();
    written.resolve();
    await Promise.all([first, second]);
    expect(await world.own.read()).toEqual({ drain: false, pause: null });
  });
});
