import { describe, expect, it } from 'vitest';
import { type Phase, slotFreeInMs } from './slot-forecast.ts';

const now = 1_000;
const inMs = (slots: number, ...phases: Phase[]) => slotFreeInMs(phases, { slots, now, patienceMs: 50 });
/** An operation of 100 ms that has run for `ms`. */
const working = (ms: number): Phase => ({ kind: 'working', since: now - ms, serviceMs: 100 });
/** A job of 100 ms whose source is here in `ms`. */
const fetching = (ms: number): Phase => ({ kind: 'fetching', readyAt: now + ms, serviceMs: 100 });
const waiting: Phase = { kind: 'waiting', readyAt: now - 5, serviceMs: 100 };

describe('the next slot that nobody takes', () => {
  it('is free now while there are fewer jobs than slots, whatever is stored', () => {
    expect(inMs(1)).toBe(0);
    expect(inMs(2, working(10), { kind: 'storing' })).toBe(0);
  });

  it('is free when the first operation ends, and after that when the jobs before have ended', () => {
    expect(inMs(2, working(10), working(30))).toBe(70);
    expect(inMs(2, working(10), working(30), waiting)).toBe(90);
    expect(inMs(1, working(30), waiting, waiting)).toBe(70 + 200);
  });

  it('waits for the sources of jobs that take it', () => {
    expect(inMs(1, fetching(40))).toBe(140);
    // A source that is somewhat late is here any moment.
    expect(inMs(1, fetching(-40))).toBe(100 - 40 + 40);
  });

  it('is kept for a source that is very late, but not for one that is stuck', () => {
    expect(inMs(1, fetching(-60))).toBe(940);
    expect(inMs(2, fetching(-60), working(30))).toBe(70);
    expect(inMs(1, fetching(-1_000))).toBe(0);
    expect(inMs(1, fetching(-1_000), working(30))).toBe(70);
  });

  it('is not known behind messages that have not come', () => {
    expect(inMs(2, { kind: 'pulling' }, { kind: 'pulling' })).toBe(Number.POSITIVE_INFINITY);
    expect(inMs(2, { kind: 'pulling' })).toBe(0);
  });

  it('is not taken by a job that waits for its model', () => {
    expect(inMs(1, { kind: 'preparing', serviceMs: 100 })).toBe(0);
  });

  it('is expected the later, the longer an operation has gone on beyond what was expected', () => {
    expect([90, 100, 110, 400].map((ms) => inMs(1, working(ms)))).toEqual([10, 0, 10, 300]);
  });

  it('is one of those that are left where there were more slots before', () => {
    expect(inMs(1, working(10), working(90))).toBe(90);
  });
});
