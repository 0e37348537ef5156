import { describe, expect, it } from 'vitest';
import { later, noon } from '../testing/sample-job.ts';
import {
  nextRunBreaker,
  type RunBreaker,
  type RunHealth,
  runBreakerSchema,
  takesWork,
} from './run-breaker.ts';

const well: RunHealth = { overdueMs: 0, failed: 0, succeeded: 0, alive: 0, probe: null };
const unclaimed: RunHealth = { ...well, overdueMs: 12_001 };
const closed = runBreakerSchema.parse({});

function next(breaker: RunBreaker, health: Partial<RunHealth>, now = noon): RunBreaker {
  return nextRunBreaker(breaker, { ...well, ...health }, now);
}

/** Trouble at noon, and a probe when the pause was over. */
function probing(breaker = next(closed, unclaimed)): RunBreaker {
  return { ...next(breaker, {}, breaker.until ?? noon), probe: 'probe' };
}

describe('a closed breaker', () => {
  it('is not paused for one job that waits too long while others are taken', () => {
    expect(next(closed, { ...unclaimed, alive: 1 })).toBe(closed);
    expect(next(closed, { ...unclaimed, alive: 0 }).state).toBe('paused');
  });

  it('stays so while work is taken, also where some of it fails', () => {
    expect(takesWork(closed)).toBe(true);
    expect(next(closed, {})).toBe(closed);
    expect(next(closed, { overdueMs: 12_000 })).toBe(closed);
    expect(next(closed, { failed: 2 })).toBe(closed);
    expect(next(closed, { failed: 9, succeeded: 1 })).toBe(closed);
  });

  it('pauses when nobody takes the work', () => {
    const paused = next(closed, unclaimed);
    expect(paused).toEqual({
      state: 'paused',
      since: noon,
      until: later(15_000),
      trips: 1,
      probe: null,
      why: 'Work for it has not been taken for 12 s longer than expected.',
    });
    expect(takesWork(paused)).toBe(false);
  });

  it('pauses when what it takes fails', () => {
    expect(next(closed, { failed: 3 })).toMatchObject({ state: 'paused', why: 'Its last 3 jobs failed.' });
  });
});

describe('a paused breaker', () => {
  it('waits until its pause is over, whatever happens, and then for a job to try', () => {
    const paused = next(closed, unclaimed);
    expect(next(paused, { succeeded: 5 }, later(14_999))).toBe(paused);
    const after = next(paused, unclaimed, later(15_000));
    expect(after).toMatchObject({
      state: 'probing',
      since: later(15_000),
      until: null,
      probe: null,
      trips: 1,
    });
    expect(takesWork(after)).toBe(false);
  });
});

describe('a breaker that tries Cloud Run out', () => {
  it('waits for the outcome', () => {
    const trying = probing();
    expect(next(trying, { probe: 'waiting' })).toBe(trying);
    expect(next(trying, { probe: 'claimed', overdueMs: 60_000 })).toBe(trying);
    // Nothing has been sent, and other jobs say nothing.
    expect(next({ ...trying, probe: null }, { failed: 9, succeeded: 9 })).toEqual({ ...trying, probe: null });
  });

  it('closes when it went well', () => {
    const after = next(probing(), { probe: 'succeeded' }, later(20_000));
    expect(after).toMatchObject({ state: 'closed', since: later(20_000), probe: null, why: null });
    expect(takesWork(after)).toBe(true);
  });

  it.each<[string, Partial<RunHealth>]>([
    ['failed', { probe: 'failed' }],
    ['not taken', { probe: 'waiting', overdueMs: 12_001 }],
  ])('pauses for longer when it was %s', (why, health) => {
    const again = next(probing(), health, later(30_000));
    expect(again).toMatchObject({ state: 'paused', until: later(60_000), trips: 2, probe: null });
    expect(again.why).toContain(why);
  });

  it('pauses twice as long each time, up to five minutes', () => {
    let breaker = next(closed, unclaimed);
    const pauses: number[] = [];
    for (let trip = 0; trip < 7; trip++) {
      pauses.push(((breaker.until?.getTime() ?? 0) - (breaker.since?.getTime() ?? 0)) / 1_000);
      breaker = next(probing(breaker), { probe: 'failed' }, breaker.until ?? noon);
    }
    expect(pauses).toEqual([15, 30, 60, 120, 240, 300, 300]);
  });
});

describe('trouble that was', () => {
  const reopened = next(probing(), { probe: 'succeeded' }, noon);

  it('makes the next pause longer while it is fresh', () => {
    expect(next(reopened, unclaimed, later(60_000))).toMatchObject({ trips: 2, until: later(90_000) });
  });

  it('is forgotten after ten quiet minutes', () => {
    expect(next(reopened, {}, later(600_000))).toBe(reopened);
    const forgotten = next(reopened, {}, later(600_001));
    expect(forgotten).toMatchObject({ state: 'closed', trips: 0 });
    expect(next(forgotten, unclaimed, later(700_000))).toMatchObject({ trips: 1, until: later(715_000) });
  });
});
