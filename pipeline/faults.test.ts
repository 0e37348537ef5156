import { describe, expect, it } from 'vitest';
import {
  doneAgain,
  events,
  everywhere,
  expectEndedOnce,
  faultsContract,
  onlyMessagesTwice,
  share,
  toldEnds,
} from './testing/faults-contract.ts';
import { play } from './testing/faulty-world.ts';
import { memoryEngine } from './testing/world-engine.ts';

const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
faultsContract('memory', seeds, memoryEngine);

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
