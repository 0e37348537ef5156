import { describe, expect, it } from 'vitest';
import { later, noon } from '../testing/sample-job.ts';
import {
  afterTrial,
  nextRunBreaker,
  type RunBreaker,
  type RunHealth,
  runBreakerSchema,
  takesWork,
  VmBreaker,
} from './breakers.ts';

const well: RunHealth = {
  overdueMs: 0,
  failed: 0,
  succeeded: 0,
  alive: 0,
  saturated: false,
  failing: null,
};
const unclaimed: RunHealth = { ...well, overdueMs: 12_001 };
const closed = runBreakerSchema.parse({});

function next(breaker: RunBreaker, health: Partial<RunHealth>, now = noon): RunBreaker {
  return nextRunBreaker(breaker, { ...well, ...health }, now, () => 'token');
}

/** Trouble at noon, and a picture on its way five seconds before the pause would have ended. */
function trial(breaker = next(closed, unclaimed)): RunBreaker {
  return next(breaker, {}, new Date((breaker.until ?? noon).getTime() - 5_000));
}

describe('a closed breaker', () => {
  it('is not paused for one job that waits too long while others are taken', () => {
    expect(next(closed, { ...unclaimed, alive: 1 })).toBe(closed);
    expect(next(closed, { ...unclaimed, alive: 0 }).state).toBe('paused');
  });

  it('stays so while work is taken, also where some of it fails', () => {
    expect(takesWork(closed, noon)).toBe(true);
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
      operation: null,
      why: 'Work for it has not been taken for 12 s longer than expected.',
    });
    expect(takesWork(paused, noon)).toBe(false);
  });

  it('is patient for as long as Pub/Sub may hold back work where all places were taken', () => {
    const saturated = { alive: 0, saturated: true };
    expect(next(closed, { ...saturated, overdueMs: 72_000 })).toBe(closed);
    expect(next(closed, { ...saturated, overdueMs: 72_001 }).state).toBe('paused');
  });

  it('pauses when what it takes fails', () => {
    expect(next(closed, { failed: 3 })).toMatchObject({ state: 'paused', why: 'Its last 3 jobs failed.' });
  });
});

describe('a paused breaker', () => {
  const paused = next(closed, unclaimed);

  it('waits whatever happens, and tries Cloud Run out with a picture before the pause ends', () => {
    expect(next(paused, { succeeded: 5 }, later(9_999))).toBe(paused);
    const trying = next(paused, unclaimed, later(10_000));
    expect(trying).toEqual({ ...paused, state: 'probing', until: later(46_000), probe: 'token' });
    expect(takesWork(trying, later(45_999))).toBe(false);
  });

  it('counts as over for every router when its time has passed, whether a sweep has seen that or not', () => {
    expect(takesWork(paused, later(14_999))).toBe(false);
    expect(takesWork(paused, later(15_000))).toBe(true);
    expect(takesWork(trial(), later(46_000))).toBe(true);
    // As an earlier version wrote it.
    expect(takesWork({ ...paused, state: 'probing', until: null }, noon)).toBe(true);
  });

  it.each([
    ['paused', paused],
    ['probing', trial()],
    ['probing, as an earlier version wrote it', { ...trial(), until: null }],
  ])('is forgotten where no sweep came by for a minute after it: %s', (_, old) => {
    const ended = old.until?.getTime() ?? noon.getTime();
    const after = next(old, unclaimed, new Date(ended + 60_001));
    expect(after).toMatchObject({ state: 'closed', trips: 0, probe: null, until: null, why: null });
  });

  it('remembers which operation failed, to try it out with that', () => {
    expect(next(closed, { failed: 3, failing: 'caption' }).operation).toBe('caption');
    expect(next(closed, { ...unclaimed, failing: 'caption' }).operation).toBeNull();
  });
});

describe('a breaker that tries Cloud Run out', () => {
  it('waits for the answer, and other jobs say nothing', () => {
    const trying = trial();
    expect(next(trying, { failed: 9, succeeded: 9 }, later(39_999))).toBe(trying);
  });

  it('closes when it went well', () => {
    const after = afterTrial(trial(), 'token', null, later(20_000));
    expect(after).toMatchObject({ state: 'closed', since: later(20_000), trips: 1, probe: null, why: null });
  });

  it('pauses for longer when it failed, or was not taken', () => {
    const failed = afterTrial(trial(), 'token', 'it crashed.', later(20_000));
    expect(failed).toMatchObject({ state: 'paused', until: later(50_000), trips: 2 });
    expect(failed?.why).toContain('failed: it crashed.');
    const untaken = next(trial(), {}, later(40_000));
    expect(untaken).toMatchObject({ state: 'paused', until: later(70_000), trips: 2 });
    expect(untaken.why).toContain('not taken');
  });

  it('closes also when the answer comes late, and for no answer to another trial', () => {
    const again = next(trial(), {}, later(40_000));
    expect(afterTrial(again, 'token', null, later(45_000))).toMatchObject({ state: 'closed' });
    expect(afterTrial(again, 'token', 'it crashed.', later(45_000))).toBeNull();
    expect(afterTrial(again, 'another', null, later(45_000))).toBeNull();
    expect(afterTrial(closed, 'token', null, later(45_000))).toBeNull();
  });

  it('pauses twice as long each time, up to five minutes', () => {
    let breaker = next(closed, unclaimed);
    const pauses: number[] = [];
    for (let trip = 0; trip < 7; trip++) {
      pauses.push(((breaker.until?.getTime() ?? 0) - (breaker.since?.getTime() ?? 0)) / 1_000);
      const at = breaker.until ?? noon;
      breaker = afterTrial(trial(breaker), 'token', 'it crashed.', at) ?? breaker;
    }
    expect(pauses).toEqual([15, 30, 60, 120, 240, 300, 300]);
  });
});

describe('trouble that was', () => {
  const reopened = afterTrial(trial(), 'token', null, noon) ?? closed;

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

/** Jobs of several senders in turn, unless it is said whose. */
function serving(
  count: number,
  serviceMs: number,
  predictedMs: number | null,
  { breaker = new VmBreaker(), senders = ['ann', 'ben', 'cyd', 'dan'] } = {},
) {
  for (let served = 0; served < count; served++) {
    breaker.served(senders[served % senders.length] ?? '', serviceMs, predictedMs);
  }
  return breaker;
}

describe('a VM', () => {
  it('has no doubts while it serves as predicted, or nothing yet', () => {
    expect(new VmBreaker().trouble()).toBeNull();
    expect(serving(50, 100, 100).trouble()).toBeNull();
  });

  it('doubts itself when the jobs of three senders failed in a row, and not three in all', () => {
    const breaker = new VmBreaker();
    breaker.failed('ann', 'a');
    breaker.failed('ben', 'b');
    breaker.served('cyd', 100, 100);
    breaker.failed('ann', 'c');
    breaker.failed('ben', 'd');
    expect(breaker.trouble()).toBeNull();
    breaker.failed('cyd', 'e');
    expect(breaker.trouble()).toBe('Its last 3 jobs failed.');
  });

  it('does not for one picture that makes every attempt fail', () => {
    const breaker = new VmBreaker();
    for (let attempt = 0; attempt < 20; attempt++) breaker.failed('ann', 'the same');
    expect(breaker.trouble()).toBeNull();
  });

  it('does for one sender’s pictures only when there are many and nobody else’s go well', () => {
    const breaker = new VmBreaker();
    for (let job = 0; job < 8; job++) breaker.failed('ann', `job ${job}`);
    expect(breaker.trouble()).toBeNull();
    breaker.failed('ann', 'job 8');
    expect(breaker.trouble()).toBe('Its last 9 jobs failed.');
  });

  it('doubts itself when it takes more than three times as long as predicted, once twenty jobs say so', () => {
    expect(serving(19, 4_000, 1_000).trouble()).toBeNull();
    expect(serving(20, 4_000, 1_000).trouble()).toBe('It takes 4.0 times as long as predicted.');
    expect(serving(20, 3_000, 1_000).trouble()).toBeNull();
    expect(serving(20, 4_000, null).trouble()).toBeNull();
  });

  it('does not for what is soon done anyway: a quarter of a second is the least that counts', () => {
    expect(serving(20, 750, 10).trouble()).toBeNull();
    expect(serving(20, 760, 10).trouble()).not.toBeNull();
  });

  it('does not for two slow jobs of twenty, nor for the slow jobs of two senders while others’ are not', () => {
    const breaker = serving(10, 1_000, 1_000);
    serving(10, 9_000, 1_000, { breaker, senders: ['ann', 'ben'] });
    expect(breaker.trouble()).toBeNull();
    const two = serving(2, 9_000, 1_000, { breaker: serving(18, 1_000, 1_000) });
    expect(two.trouble()).toBeNull();
    expect(serving(3, 9_000, 1_000, { breaker: serving(17, 1_000, 1_000) }).trouble()).not.toBeNull();
  });

  it('does where all that there is are one sender’s, for nobody else can speak for it', () => {
    expect(serving(20, 9_000, 1_000, { senders: ['ann'] }).trouble()).not.toBeNull();
  });

  it.each<[string, (breaker: VmBreaker) => void]>([
    ['went well', (breaker) => breaker.forget()],
    ['ended a pause', (breaker) => breaker.reopen(noon)],
  ])('has no doubts after a self-test that %s', (_, end) => {
    const breaker = serving(20, 9_000, 1_000);
    for (const sender of ['ann', 'ben', 'cyd']) breaker.failed(sender, sender);
    end(breaker);
    expect(breaker.trouble()).toBeNull();
    breaker.failed('ann', 'a');
    expect(serving(19, 9_000, 1_000, { breaker }).trouble()).toBeNull();
  });
});

describe('the pauses of a VM that is ill', () => {
  it('double while its tests go wrong, up to five minutes', () => {
    const breaker = new VmBreaker();
    const pauses = Array.from({ length: 8 }, () => breaker.nextPauseMs(noon));
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  });

  it('go on doubling when it is ill again soon after a test went well, and restart when it was well for long', () => {
    const breaker = new VmBreaker();
    breaker.nextPauseMs(noon);
    breaker.reopen(noon);
    expect(breaker.nextPauseMs(later(600_000))).toBe(10_000);
    breaker.reopen(later(600_000));
    expect(breaker.nextPauseMs(later(1_200_001))).toBe(5_000);
    expect(breaker.nextPauseMs(later(9_000_000))).toBe(10_000);
  });
});
