import { describe, expect, it } from 'vitest';
import { offeredSlots, offeredWorkTiming } from './offered-work.ts';

const { arrivedWithin, horizon } = offeredWorkTiming;
const nothing = { arrivedMs: 0, overdueMs: 0, dueMs: 0 };

describe('offered work', () => {
  it('is the slots that what arrives keeps busy', () => {
    expect(offeredSlots({ ...nothing, arrivedMs: 8 * arrivedWithin })).toBe(8);
  });

  it('is nothing where nothing comes and nothing waits', () => {
    expect(offeredSlots(nothing)).toBe(0);
  });

  it('adds what is overdue, to be done within the horizon', () => {
    const overdueMs = 3 * horizon;
    expect(offeredSlots({ arrivedMs: 8 * arrivedWithin, overdueMs, dueMs: overdueMs })).toBe(11);
  });

  it('takes what is to arrive in place of what arrived, where there is a forecast', () => {
    const seen = { arrivedMs: 8 * arrivedWithin, overdueMs: horizon, dueMs: 2 * horizon };
    expect(offeredSlots(seen, 12)).toBe(13);
    expect(offeredSlots(seen, 0)).toBe(2);
  });

  it('does not grow for work that waits in time, and keeps the slots that it needs', () => {
    expect(offeredSlots({ arrivedMs: 8 * arrivedWithin, overdueMs: 0, dueMs: 2 * horizon })).toBe(8);
    expect(offeredSlots({ ...nothing, dueMs: 2 * horizon })).toBe(2);
  });
});

/**
 * A pool without Cloud Run that follows the figure as an autoscaler does: it is asked every half minute, a new VM works
 * after two minutes, and the pool never shrinks below what the last ten minutes asked for. Time in steps of half a minute.
 */
function follow(arriving: (step: number) => number, steps: number, objectiveMs: number, load = 0.7) {
  const stepMs = offeredWorkTiming.every;
  const within = (ms: number) => Math.round(ms / stepMs);
  const wanted: number[] = [];
  /** Work that waits, by the step in which it came. */
  const waiting: { step: number; ms: number }[] = [];
  const sizes: number[] = [];
  let lateMs = 0;
  for (let step = 0; step < steps; step++) {
    waiting.push({ step, ms: arriving(step) * stepMs });
    const deadlineOf = (came: number) => came + within(objectiveMs);
    const sum = (counts: (came: number) => boolean) =>
      waiting.filter(({ step: came }) => counts(came)).reduce((total, { ms }) => total + ms, 0);
    let arrivedMs = 0;
    for (let past = 0; past < within(arrivedWithin); past++) arrivedMs += arriving(step - past) * stepMs;
    const seen = {
      arrivedMs,
      overdueMs: sum((came) => deadlineOf(came) < step),
      dueMs: sum((came) => deadlineOf(came) < step + within(horizon)),
    };
    wanted.push(Math.ceil(offeredSlots(seen) / load));
    const started = wanted.slice(Math.max(0, wanted.length - 24), Math.max(1, wanted.length - 4));
    sizes.push(Math.max(1, ...started));
    let room = (sizes.at(-1) ?? 0) * stepMs;
    for (const work of waiting) {
      const done = Math.min(room, work.ms);
      room -= done;
      work.ms -= done;
    }
    lateMs = sum((came) => deadlineOf(came) < step);
  }
  return { sizes, lateMs };
}

describe('a pool that follows it', () => {
  it('grows with a load that stays, and works off what was late until then', () => {
    const { sizes, lateMs } = follow((step) => (step < 0 ? 0 : 14), 80, 30_000);
    expect(sizes[0]).toBeLessThan(3);
    expect(Math.max(...sizes)).toBeGreaterThan(20);
    expect(lateMs).toBe(0);
    // 14 slots of work at a load of 0.7, once nothing is late any more.
    expect(sizes.at(-1)).toBe(20);
  });

  it('shrinks to its smallest when nothing comes any more', () => {
    const { sizes, lateMs } = follow((step) => (step >= 0 && step < 20 ? 14 : 0), 120, 30_000);
    expect(lateMs).toBe(0);
    expect(sizes.at(-1)).toBe(1);
  });

  it('hardly moves for a burst of some seconds, which is for Cloud Run', () => {
    const { sizes } = follow((step) => (step < 0 ? 0 : step === 10 ? 6 : 0.5), 60, 600_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
  });
});
