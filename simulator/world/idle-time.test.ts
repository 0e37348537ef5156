import { describe, expect, it } from 'vitest';
import { withFault } from '../faults.ts';
import { drawJobs } from '../jobs.ts';
import { makePolicy } from '../policies/registry.ts';
import { randomStream } from '../random.ts';
import { readScenario } from '../read-scenario.ts';
import { simulate } from './simulate.ts';

/** Hours with single pictures, with pauses of all lengths, and now and then more at once than the VMs can do. */
function sparseArrivals(seed: number): number[] {
  const random = randomStream(seed, 'sparse');
  const arrivals: number[] = [];
  for (let at = 0; at < 1.7 * 3_600; at += random.lognormal(120, 1.5)) {
    const together = random.uniform() < 0.1 ? 60 : 1;
    for (let index = 0; index < together; index++) arrivals.push(at + index * 0.02);
  }
  return arrivals.sort((a, b) => a - b);
}

describe('hours in which nothing happens', () => {
  const worlds = [
    ['deadline', null],
    ['deadline', 'vm-deaths'],
    ['deadline', 'refusals'],
    ['threshold-20@1s', null],
    ['both-ewma', null],
  ] as const;

  it.each(worlds)('are left out without any difference: %s, %s', (name, fault) => {
    const scenario = fault ? withFault(fault, readScenario()) : readScenario();
    const jobs = drawJobs(sparseArrivals(7), scenario, 7);
    const play = (leavesOutIdleTime: boolean) =>
      simulate(jobs, makePolicy(name, scenario), scenario, 7, { leavesOutIdleTime });
    const { events, ...result } = play(true);
    const { events: allEvents, ...expected } = play(false);
    expect(result.outcomes.some(({ target }) => target === 'run')).toBe(true);
    expect(result).toEqual(expected);
    expect(events).toBeLessThan(0.9 * allEvents);
  });
});
