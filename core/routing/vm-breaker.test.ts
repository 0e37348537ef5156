import { describe, expect, it } from 'vitest';
import { later, noon } from '../testing/sample-job.ts';
import { VmBreaker } from './vm-breaker.ts';

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

  it('go on doubling when it is ill again soon after a test went well, and begin anew when it was well for long', () => {
    const breaker = new VmBreaker();
    breaker.nextPauseMs(noon);
    breaker.reopen(noon);
    expect(breaker.nextPauseMs(later(600_000))).toBe(10_000);
    breaker.reopen(later(600_000));
    expect(breaker.nextPauseMs(later(1_200_001))).toBe(5_000);
    expect(breaker.nextPauseMs(later(9_000_000))).toBe(10_000);
  });
});
