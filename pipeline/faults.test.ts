import { describe, expect, it } from 'vitest';
import { type Faults, type Played, play } from './testing/faulty-world.ts';

const events = { vmDiesAt: 6, runRefuses: { from: 4, to: 25 } };
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const everywhere: Faults = {
  refused: 0.04,
  replyLost: 0.04,
  crash: 0.05,
  workerDies: 0.05,
  redelivered: 0.2,
  stalls: 0.02,
};
const onlyMessagesTwice: Faults = {
  refused: 0,
  replyLost: 0,
  crash: 0,
  workerDies: 0,
  redelivered: 0.2,
  stalls: 0,
};
/**
 * Work that was done more than once, as a share of all jobs. There are five calls between work and outcome, and each fails for one job in twelve; workers die, and claims expire.
 */
const mostDoneAgain = 0.6;

async function expectEndedOnce(played: Played, uploads: number): Promise<void> {
  const { jobs, ports, succeeded, leftovers } = played;
  expect(jobs).toHaveLength(uploads);
  for (const job of jobs) {
    // Three crashes in a row end a job as poison: rare, and an end all the same.
    expect(['succeeded', 'failed']).toContain(job.state);
    if (job.state === 'failed') expect(job.error?.code).toBe('poison');
    else {
      expect(await ports.blobs.read('results', job.result?.name ?? '')).not.toBeNull();
      expect(await ports.blobs.read('results', job.result?.receipt ?? '')).not.toBeNull();
    }
    expect(succeeded.get(job.id) ?? 0).toBeLessThanOrEqual(1);
    const ends = ports.queue.announced.filter(({ event }) => event.jobId === job.id);
    expect(ends.length).toBeGreaterThanOrEqual(1);
    expect(new Set(ends.map(({ id }) => id)).size).toBe(1);
  }
  expect(leftovers.filter(({ kind }) => kind !== 'dropped' && kind !== 'tried_out')).toEqual([]);
  // An end whose reply is lost may be told of by nobody, and none is told of twice.
  expect(toldEnds(played)).toBeLessThanOrEqual(uploads);
}

function toldEnds({ ports }: Played): number {
  return ports.instruments.told.filter(({ name }) => name === 'spillway.jobs.ended').length;
}

function doneAgain({ done }: Played): number {
  return [...done.values()].reduce((sum, times) => sum + times - 1, 0);
}

const share = (played: Played, which: (job: Played['jobs'][number]) => boolean) =>
  played.jobs.filter(which).length / played.jobs.length;

describe('under faults everywhere', () => {
  it.each(seeds)('every upload ends once, with result, receipt and announcement (seed %i)', async (seed) => {
    const uploads = 120;
    const played = await play({ seed, uploads, faults: everywhere, ...events });
    await expectEndedOnce(played, uploads);
    expect(share(played, ({ state }) => state === 'succeeded')).toBeGreaterThan(0.9);
    expect(doneAgain(played) / uploads).toBeLessThan(mostDoneAgain);
  });
});

describe('on machines whose clocks are up to ten minutes apart', () => {
  const tenMinutes = 600_000;
  const fast = new Set(['vm-1', 'run-1', 'run-2', 'sweeper']);
  it.each([
    ['the sweeper is fast', 1],
    ['the sweeper is slow', -1],
  ])('every upload ends once, and only what died or stalled is done again: %s', async (_case, sign) => {
    const clocks = (machine: string) => sign * (fast.has(machine) ? tenMinutes : -tenMinutes);
    const uploads = 240;
    const played = await play({ seed: 3, uploads, faults: onlyMessagesTwice, clocks, ...events });
    await expectEndedOnce(played, uploads);
    expect(share(played, ({ state }) => state === 'succeeded')).toBe(1);
    expect(played.jobs.filter(({ attempt }) => attempt > 1).length).toBeLessThanOrEqual(4);
    expect(doneAgain(played)).toBeLessThanOrEqual(4);
    await expectEndedOnce(await play({ seed: 4, uploads: 120, faults: everywhere, clocks, ...events }), 120);
  });
});

describe('while a VM dies for good, another is slow, and Cloud Run takes nothing for a while', () => {
  it('jobs go to and fro, Cloud Run is paused and tried out, and each is done once all the same', async () => {
    const states = new Set<string>();
    const reasons = new Set<string>();
    for (const seed of seeds) {
      // More than the VMs that are left can do, so that work is sent to Cloud Run again and again.
      const [uploads, arrivals] = [320, 16];
      const played = await play({ seed, uploads, arrivals, faults: onlyMessagesTwice, ...events });
      await expectEndedOnce(played, uploads);
      expect(toldEnds(played)).toBe(uploads);
      expect(share(played, ({ state }) => state === 'succeeded')).toBe(1);
      // What the dead VM was working on is done again: a message on each of two slots, which perhaps came twice.
      expect(played.jobs.filter(({ attempt }) => attempt > 1).length).toBeLessThanOrEqual(4);
      expect(doneAgain(played)).toBeLessThanOrEqual(4);
      for (const state of played.breakerStates) states.add(state);
      for (const { route } of played.jobs)
        reasons.add(`${route.reason} ${route.epoch > 0 ? 'moved' : ''}`.trim());
    }
    expect([...states].toSorted()).toEqual(['closed', 'paused', 'probing']);
    const expected = ['vm_in_time', 'run_vm_late', 'vm_run_paused moved'];
    expect([...reasons]).toEqual(expect.arrayContaining(expected));
  });
});
