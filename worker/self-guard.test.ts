import { sampleJob } from '@spillway/core/testing/sample-job.ts';
import type { Delivery } from '@spillway/pipeline/deliver.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { manualClock } from '@spillway/pipeline/testing/manual-clock.ts';
import { describe, expect, it } from 'vitest';
import { createSelfGuard } from './self-guard.ts';

function guarded(test: () => Promise<string | null> = async () => null) {
  const clock = manualClock();
  const ports = createMemoryPorts({ clock });
  const changes: boolean[] = [];
  const guard = createSelfGuard({ worker: 'vm-1', ports, test, onChange: (paused) => changes.push(paused) });
  const control = () => ports.fleet.control('vm-1');
  return { guard, clock, ports, changes, control };
}

function served(predictedMs = 100): Delivery {
  const job = sampleJob();
  const vm = {
    waitMs: 0,
    deliveryMs: 0,
    serviceMs: predictedMs,
    spreadMs: 0,
    finishMs: 0,
    dollars: 0,
    inTime: true,
  };
  const predicted = { vm, run: null, runClosed: null, budgetMs: 0 };
  return { kind: 'succeeded', job: { ...job, route: { ...job.route, predicted } } };
}

const failed = (job: string): Delivery => ({ kind: 'given_back', why: 'The child crashed.', failed: job });

describe('a VM that fails', () => {
  it('pauses itself after three jobs in a row, says so in its control, and keeps what the admin wants', async () => {
    const { guard, ports, changes, control } = guarded();
    await ports.fleet.changeControl('vm-1', { drain: true });
    guard.observe(failed('a'), 1);
    guard.observe(failed('b'), 1);
    expect(guard.paused).toBe(false);
    guard.observe(failed('c'), 1);
    expect(guard.paused).toBe(true);
    expect(changes).toEqual([true]);
    await expect.poll(control).toMatchObject({ drain: true, pause: { why: 'Its last 3 jobs failed.' } });
  });

  it('is not blamed for one picture that fails every time, nor when jobs between go well', () => {
    const { guard } = guarded();
    for (let attempt = 0; attempt < 5; attempt++) guard.observe(failed('same'), 1);
    for (const job of ['b', 'c', 'd', 'e']) {
      guard.observe(failed(job), 1);
      guard.observe(served(), 100);
    }
    expect(guard.paused).toBe(false);
  });

  it('is not blamed for outages and pictures at fault', () => {
    const { guard } = guarded();
    const job = sampleJob();
    for (let index = 0; index < 5; index++) {
      guard.observe({ kind: 'given_back', why: 'Firestore did not answer.', failed: null }, 1);
      const error = { code: 'corrupt_image' as const, message: '', retryable: false };
      guard.observe({ kind: 'failed', job: { ...job, id: String(index) }, error }, 1);
    }
    expect(guard.paused).toBe(false);
  });
});

describe('a VM that has become slow', () => {
  it('pauses itself when one job in ten takes more than three times as long as predicted', () => {
    const { guard } = guarded();
    for (let index = 0; index < 18; index++) guard.observe(served(400), 400);
    guard.observe(served(400), 1_201);
    expect(guard.paused).toBe(false);
    guard.observe(served(400), 1_201);
    guard.observe(served(400), 1_201);
    expect(guard.paused).toBe(true);
  });

  it.each([
    ['few jobs', 19, served(400), 9_000],
    ['times so short that everything else matters as much', 20, served(20), 700],
    ['jobs of which nothing was predicted', 20, { kind: 'succeeded', job: sampleJob() } as const, 9_000],
  ])('does not judge from %s', (_, count, delivery, ms) => {
    const { guard } = guarded();
    for (let index = 0; index < count; index++) guard.observe(delivery, ms);
    expect(guard.paused).toBe(false);
  });
});

describe('a paused VM', () => {
  const trip = ({ guard }: ReturnType<typeof guarded>) => {
    for (const job of ['a', 'b', 'c']) guard.observe(failed(job), 1);
  };

  it('reopens after a test picture that went well, and not before', async () => {
    const world = guarded();
    trip(world);
    await expect.poll(world.control).toMatchObject({ pause: { why: expect.any(String) } });
    world.clock.advance(4_999);
    expect(world.guard.paused).toBe(true);
    world.clock.advance(1);
    await expect.poll(() => world.guard.paused).toBe(false);
    await expect.poll(world.control).toMatchObject({ pause: null });
    expect(world.changes).toEqual([true, false]);
  });

  it('waits twice as long after each test that went wrong', async () => {
    let tests = 0;
    const world = guarded(async () => (++tests < 3 ? 'The child crashed.' : null));
    trip(world);
    for (const [pauseMs, testsThen] of [
      [5_000, 1],
      [10_000, 2],
      [20_000, 3],
    ] as const) {
      world.clock.advance(pauseMs - 1);
      expect(tests).toBe(testsThen - 1);
      world.clock.advance(1);
      expect(tests).toBe(testsThen);
      // The next timer is set once the test's outcome is known.
      await new Promise(setImmediate);
    }
    expect(world.guard.paused).toBe(false);
  });

  it('reopens when a person takes the pause away', async () => {
    const world = guarded(async () => 'still ill');
    trip(world);
    await expect.poll(world.control).toMatchObject({ pause: { why: expect.any(String) } });
    world.guard.onControl(await world.control());
    expect(world.guard.paused).toBe(true);
    world.guard.onControl({ drain: false, pause: null });
    expect(world.guard.paused).toBe(false);
  });

  it('begins its next life paused, with a test at once', async () => {
    const world = guarded();
    world.guard.onControl({ drain: false, pause: { why: 'Its last 3 jobs failed.', since: new Date() } });
    expect(world.changes).toEqual([true]);
    await expect.poll(() => world.guard.paused).toBe(false);
  });
});
