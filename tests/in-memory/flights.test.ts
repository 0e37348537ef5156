import { cancelled } from '@spillway/core/transitions.ts';
import type { Stored } from '@spillway/pipeline/ports/jobs.ts';
import { randomStream } from '@spillway/simulator/random.ts';
import { describe, expect, it } from 'vitest';
import { flightsWorld } from './flights-world.ts';

type World = ReturnType<typeof flightsWorld>;

function dropMany(world: World, count: number): void {
  for (let index = 0; index < count; index++) world.drop(`job-${String(index).padStart(4, '0')}`);
}

/** How much of the time the slots of one VM work, from its first job to its last. */
function busyShare(roundTripMs: number, sigma: number): number {
  const random = randomStream(1, 'service times');
  const world = flightsWorld({ roundTripMs, slots: 2, serviceMs: () => random.lognormal(70, sigma) });
  const vm = world.vm('vm-1');
  dropMany(world, 160);
  world.playToTheEnd();
  expect(world.states()).toEqual(Array(160).fill('succeeded'));
  expect(vm.most()).toBe(2);
  // What is learned of I/O and service times is known by then.
  const works = world.works.slice(30, 130);
  const workedMs = works.reduce((sum, { begunAt, endedAt }) => sum + endedAt - begunAt, 0);
  const from = Math.min(...works.map(({ begunAt }) => begunAt));
  const to = Math.max(...works.map(({ endedAt }) => endedAt));
  return workedMs / 2 / (to - from);
}

describe('slots', () => {
  it.each([
    ['always take 70 ms', 0, 0.99],
    ['take 70 ms more or less', 0.2, 0.97],
    ['take from 20 to 250 ms', 0.6, 0.94],
  ])('work all the time 8 ms away from everything, with operations that %s', (_, sigma, least) => {
    expect(busyShare(0, sigma)).toBeGreaterThan(0.98);
    expect(busyShare(16, sigma)).toBeGreaterThan(least);
    expect(busyShare(60, sigma)).toBeGreaterThan(least);
  });

  it('have no job claimed ahead behind a long operation until its last moments', () => {
    const world = flightsWorld({ roundTripMs: 16, slots: 2, serviceMs: () => 3_000 });
    world.vm('vm-1');
    dropMany(world, 40);
    const inHand = () => world.states().filter((state) => state === 'processing').length;
    world.play(10 * 3_100);
    // By now it knows how long they take.
    for (let operation = 0; operation < 4; operation++) {
      const { length } = world.works;
      while (world.works.length === length) world.play(10);
      world.play(1_500);
      expect(inHand()).toBe(2);
    }
    const waits = world.jobs().flatMap(({ timings }) => timings?.slotWaitMs ?? []);
    expect(Math.max(...waits.slice(10))).toBeLessThan(100);
  });

  it('of two VMs share a burst that is no more than they have', () => {
    const world = flightsWorld({ roundTripMs: 16, slots: 2, serviceMs: () => 70 });
    for (const id of ['vm-1', 'vm-2']) world.vm(id);
    let even = 0;
    for (let burst = 0; burst < 20; burst++) {
      for (let index = 0; index < 4; index++) world.drop(`job-${burst}-${index}`);
      world.play(5_000);
      const onFirst = world.works.slice(-4).filter(({ vm }) => vm === 'vm-1').length;
      expect([1, 2, 3]).toContain(onFirst);
      if (onFirst === 2) even++;
    }
    // A pull may just have ended when a burst comes.
    expect(even).toBeGreaterThanOrEqual(17);
  });

  it('do not stand still while the source of another job is stuck', () => {
    const stuck = 7_777;
    const world = flightsWorld({
      roundTripMs: 16,
      slots: 1,
      serviceMs: () => 70,
      downloadMs: (bytes) => (bytes === stuck ? 60_000 : 0),
    });
    world.vm('vm-1');
    dropMany(world, 20);
    world.drop('job-0020', { size: stuck });
    for (let index = 21; index < 60; index++) world.drop(`job-${String(index).padStart(4, '0')}`);
    world.play(30_000);
    expect(world.works).toHaveLength(59);
    world.playToTheEnd();
    expect(world.job('job-0020')).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  it('that have nothing to do have a pull each, and wake up no more often than one ends', () => {
    const world = flightsWorld({ roundTripMs: 30, slots: 2, serviceMs: () => 20 });
    world.vm('vm-1');
    dropMany(world, 30);
    world.playToTheEnd();
    world.play(8_000);
    const before = world.pulls();
    world.play(60_000);
    expect(world.pulls() - before).toBeLessThanOrEqual(2 * 15);
  });
});

/** One VM whose slot works for half a minute, which nobody could know, and which has claimed and fetched the next job. */
function withOneAhead() {
  const long = 'job-0010';
  const world = flightsWorld({
    roundTripMs: 16,
    slots: 1,
    serviceMs: ({ id }) => (id === long ? 30_000 : 70),
  });
  const first = world.vm('vm-1');
  dropMany(world, 20);
  const claimed = () =>
    world.jobs().filter(({ claim, state, id }) => claim && state === 'processing' && id !== long);
  while (first.working() !== long || claimed().length === 0) world.play(1);
  // For the download, and for the outcomes of those before.
  world.play(100);
  const [waiting] = claimed();
  if (!waiting) throw new Error('No job is claimed ahead.');
  expect(first.working()).toBe(long);
  return { world, first, waiting: waiting.id };
}

describe('a job that is claimed and has not begun', () => {
  it('is given back at once when its VM takes nothing new, and its attempt does not count', () => {
    const { world, first, waiting } = withOneAhead();
    first.pulling.pause(true);
    world.play(40);
    expect(world.job(waiting)).toMatchObject({ state: 'queued', attempt: 0, claim: null });
    expect(first.workload.busy()).toBe(1);
    world.vm('vm-2');
    world.play(400);
    expect(world.job(waiting)).toMatchObject({ state: 'succeeded', attempt: 1, claim: { worker: 'vm-2' } });
  });

  it('is given back at once when its VM leaves', () => {
    const { world, first, waiting } = withOneAhead();
    void first.pulling.stop();
    world.play(40);
    expect(world.job(waiting)).toMatchObject({ state: 'queued', attempt: 0, claim: null });
    expect(world.messages.length).toBeGreaterThan(0);
  });

  it('is left to others where no slot becomes free for long', () => {
    const { world, waiting } = withOneAhead();
    world.vm('vm-2');
    world.play(10_000);
    expect(world.works.find(({ job }) => job === waiting)?.vm).toBe('vm-2');
    expect(world.job(waiting)).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  it('is not worked on when it was cancelled meanwhile', () => {
    const { world, waiting } = withOneAhead();
    const stored = world.near.jobs.get(waiting) as Stored;
    world.near.jobs.replace(stored, cancelled(stored.job, world.engine.now()));
    world.play(120_000);
    expect(world.works.map(({ job }) => job)).not.toContain(waiting);
    expect(world.job(waiting).state).toBe('cancelled');
  });
});

describe('a VM that dies', () => {
  it('at any moment of its jobs loses none of them and doubles no result', () => {
    const lifeMs = 480;
    for (let dieMs = 0; dieMs < lifeMs; dieMs += 8) {
      const world = flightsWorld({ roundTripMs: 16, slots: 1, serviceMs: () => 70 });
      const first = world.vm('vm-1');
      dropMany(world, 4);
      world.play(dieMs);
      first.machine.die();
      world.vm('vm-2');
      world.playToTheEnd();
      expect(world.states(), `died after ${dieMs} ms`).toEqual(Array(4).fill('succeeded'));
      expect(world.written.size, `died after ${dieMs} ms`).toBe(8);
      expect(world.announced()).toBeGreaterThanOrEqual(4);
      for (const { result } of world.jobs()) {
        expect(world.written.has(result?.name ?? '') && world.written.has(result?.receipt ?? '')).toBe(true);
      }
    }
  });
});

describe('files of jobs in flight', () => {
  it('have a limit: a job waits for room before it is fetched, and one that is larger goes alone', () => {
    const world = flightsWorld({ roundTripMs: 100, slots: 4, serviceMs: () => 50, mostBytes: 10_000 });
    world.vm('vm-1');
    for (let index = 0; index < 40; index++)
      world.drop(`job-${String(index).padStart(2, '0')}`, { size: 1_500 });
    world.drop('large', { size: 30_000 });
    world.playToTheEnd();
    expect(world.states()).toEqual(Array(41).fill('succeeded'));
    expect(world.mostKept()).toBe(60_000);
    const beside = flightsWorld({ roundTripMs: 100, slots: 4, serviceMs: () => 50, mostBytes: 10_000 });
    beside.vm('vm-1');
    for (let index = 0; index < 40; index++) beside.drop(`job-${index}`, { size: 1_500 });
    beside.playToTheEnd();
    expect(beside.mostKept()).toBe(9_000);
  });
});
