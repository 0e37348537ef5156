import { describe, expect, it } from 'vitest';
import { storeClock } from './store-clock.ts';
import { manualClock } from './testing/manual-clock.ts';

const minute = 60_000;
const later = (clock: { now(): Date }, ms: number) => new Date(clock.now().getTime() + ms);

describe('a clock that follows a database', () => {
  it.each([10, -10])('tells its time on a machine that is %i minutes off', (minutes) => {
    const machine = manualClock();
    const clock = storeClock(machine);
    clock.answered(later(machine, minutes * minute));
    machine.advance(2_500);
    expect(clock.now()).toEqual(later(machine, minutes * minute));
  });

  it('is not set back by an answer that took long to arrive', () => {
    const machine = manualClock();
    const clock = storeClock(machine);
    clock.answered(later(machine, 5_000));
    clock.answered(later(machine, -20_000));
    expect(clock.now()).toEqual(later(machine, 5_000));
  });

  it.each([2 * minute, -2 * minute])('follows within a minute where the machine was set by %i ms', (step) => {
    const machine = manualClock();
    const clock = storeClock(machine);
    clock.answered(machine.now());
    const databaseBefore = machine.now().getTime();
    machine.advance(step);
    clock.answered(new Date(databaseBefore + 1_000));
    expect(clock.now().getTime()).toBe(databaseBefore + 1_000);
  });
});
