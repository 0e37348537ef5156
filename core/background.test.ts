import { describe, expect, it } from 'vitest';
import { singleFlight, startRecurring } from './background.ts';

/** A timer that ticks when it is told to. */
function handTimer() {
  const actions = new Set<() => void>();
  return {
    every(_ms: number, action: () => void) {
      actions.add(action);
      return () => void actions.delete(action);
    },
    tick() {
      for (const action of actions) action();
    },
    get running() {
      return actions.size;
    },
  };
}

function recurring() {
  const timers = handTimer();
  const begun: PromiseWithResolvers<void>[] = [];
  const errors: unknown[] = [];
  const round = () => {
    const one = Promise.withResolvers<void>();
    begun.push(one);
    return one.promise;
  };
  const onError = (error: unknown) => void errors.push(error);
  return { ...startRecurring({ everyMs: 1_000, timers, round, onError }), timers, begun, errors };
}

describe('what recurs', () => {
  it('runs one round at a time, and goes on after one that failed', async () => {
    const { timers, begun, errors } = recurring();
    expect(begun).toHaveLength(0);
    timers.tick();
    timers.tick();
    expect(begun).toHaveLength(1);
    begun[0]?.reject(new Error('cut off'));
    await expect.poll(() => errors).toEqual([new Error('cut off')]);
    timers.tick();
    expect(begun).toHaveLength(2);
  });

  it('runs a round on demand that begins after the demand', async () => {
    const { timers, begun, runNow } = recurring();
    timers.tick();
    const both = Promise.all([runNow(), runNow()]);
    expect(begun).toHaveLength(1);
    begun[0]?.resolve();
    await expect.poll(() => begun.length).toBe(2);
    begun[1]?.resolve();
    await both;
    expect(begun).toHaveLength(2);
  });

  it('stops when the round in progress has ended, as often as it is asked to, and begins no other', async () => {
    const { timers, begun, stop, runNow } = recurring();
    timers.tick();
    let stopped = 0;
    const stops = [stop(), stop()].map(async (each) => {
      await each;
      stopped++;
    });
    const late = runNow();
    await Promise.resolve();
    expect([stopped, timers.running]).toEqual([0, 0]);
    begun[0]?.reject(new Error('cut off'));
    await Promise.all([...stops, late, stop()]);
    expect([stopped, begun.length]).toEqual([2, 1]);
  });
});

it('a single flight gives all who wait for it the same end', async () => {
  let flights = 0;
  const flight = singleFlight(async () => {
    flights++;
    await Promise.resolve();
    if (flights === 2) throw new Error('second');
    return flights;
  });
  expect(await Promise.all([flight.run(), flight.run()])).toEqual([1, 1]);
  const failed = flight.run();
  await flight.landed();
  await expect(failed).rejects.toThrow('second');
  expect(await flight.run()).toBe(3);
});
