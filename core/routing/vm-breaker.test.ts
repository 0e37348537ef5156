import { describe, expect, it } from 'vitest';
import { later, noon } from '../testing/sample-job.ts';
import { VmBreaker } from './vm-breaker.ts';

function serving(count: number, serviceMs: number, predictedMs: number | null, breaker = new VmBreaker()) {
  for (let served = 0; served < count; served++) breaker.served(serviceMs, predictedMs);
  return breaker;
}

describe('a VM', () => {
  it('is well while it serves as predicted, or nothing yet', () => {
    expect(new VmBreaker().trouble()).toBeNull();
    expect(serving(50, 100, 100).trouble()).toBeNull();
  });

  it('is ill after three jobs failed in a row, and not after three in all', () => {
    const breaker = new VmBreaker();
    breaker.failed('a');
    breaker.failed('b');
    breaker.served(100, 100);
    breaker.failed('c');
    breaker.failed('d');
    expect(breaker.trouble()).toBeNull();
    breaker.failed('e');
    expect(breaker.trouble()).toBe('Its last 3 jobs failed.');
  });

  it('is not ill for one picture that makes every attempt fail', () => {
    const breaker = new VmBreaker();
    for (const job of ['a', 'a', 'a', 'b']) breaker.failed(job);
    expect(breaker.trouble()).toBeNull();
    breaker.failed('c');
    expect(breaker.trouble()).not.toBeNull();
  });

  it('is ill when it takes more than three times as long as predicted, once twenty jobs say so', () => {
    expect(serving(19, 4_000, 1_000).trouble()).toBeNull();
    expect(serving(20, 4_000, 1_000).trouble()).toBe('It takes 4.0 times as long as predicted.');
    expect(serving(20, 3_000, 1_000).trouble()).toBeNull();
    expect(serving(20, 4_000, null).trouble()).toBeNull();
  });

  it('is not ill for what is soon done anyway: a quarter of a second is the least that counts', () => {
    expect(serving(20, 750, 10).trouble()).toBeNull();
    expect(serving(20, 760, 10).trouble()).not.toBeNull();
  });

  it('is not ill for two slow jobs of twenty, and is for three', () => {
    const breaker = serving(18, 1_000, 1_000);
    expect(serving(2, 9_000, 1_000, breaker).trouble()).toBeNull();
    expect(serving(1, 9_000, 1_000, breaker).trouble()).not.toBeNull();
  });

  it('is well again after a self-test', () => {
    const breaker = serving(20, 9_000, 1_000);
    for (const job of ['a', 'b', 'c']) breaker.failed(job);
    breaker.reopen(noon);
    expect(breaker.trouble()).toBeNull();
    breaker.failed('a');
    expect(serving(19, 9_000, 1_000, breaker).trouble()).toBeNull();
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
