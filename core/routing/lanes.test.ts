import { describe, expect, it } from 'vitest';
import { jobId } from '../job-id.ts';
import { sampleJob } from '../testing/sample-job.ts';
import * as transitions from '../transitions.ts';
import { laneCounts, laneNamesOf, laneNumber } from './lanes.ts';

const now = new Date();
const id = 'ffffffffffffffffffffffffffffff2a';

/** What a store would write. */
function decided(target: 'vm' | 'run') {
  const job = sampleJob({ id });
  const { epoch: _, at: __, movedFrom: ___, lanes: ____, ...choice } = job.route;
  const reason = target === 'vm' ? 'vm_in_time' : 'run_vm_late';
  return transitions.replaced(job, transitions.routed(job, { ...choice, target, reason }, now));
}

describe('lanes', () => {
  it('are known from the id, one of each division', () => {
    expect(laneNamesOf(id)).toEqual(['1/0', '4/2', '16/10', '64/42', '256/42']);
  });

  it('are equally long', () => {
    const identity = { bucket: 'b', generation: '1', operation: 'sketch', options: {}, run: 1 };
    const numbers = Array.from({ length: 25_600 }, (_, name) =>
      laneNumber(jobId({ ...identity, name: String(name) })),
    );
    for (const of of laneCounts) {
      const lengths = new Array<number>(of).fill(0);
      for (const number of numbers) lengths[number % of] = (lengths[number % of] ?? 0) + 1;
      const mean = numbers.length / of;
      // Five standard deviations, of a binomial distribution.
      for (const length of lengths) expect(Math.abs(length - mean)).toBeLessThanOrEqual(5 * Math.sqrt(mean));
    }
  });

  it('have a job while it waits for a VM and is decided', () => {
    const waiting = decided('vm');
    expect(sampleJob({ id }).route.lanes).toEqual([]);
    expect(waiting.route.lanes).toEqual(laneNamesOf(id));
    expect(decided('run').route.lanes).toEqual([]);
    const claim = { worker: 'w', token: 't', expiresAt: now };
    const busy = transitions.replaced(waiting, { ...waiting, state: 'processing', claim, attempt: 1 });
    expect(busy.route.lanes).toEqual([]);
    const back = transitions.replaced(busy, transitions.handedBack(busy, 'leaving', now, now));
    expect(back.route.lanes).toEqual(laneNamesOf(id));
    const postponed = transitions.replaced(back, transitions.postponed(back, now));
    expect(postponed.route.lanes).toEqual(laneNamesOf(id));
    expect(transitions.replaced(back, transitions.cancelled(back, now)).route.lanes).toEqual([]);
    const moved = transitions.moved(waiting, { ...waiting.route, target: 'run' }, now);
    expect(transitions.replaced(waiting, moved).route.lanes).toEqual([]);
  });
});
