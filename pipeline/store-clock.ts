import type { Clock } from './ports/ports.ts';

/** A correction is kept this long before a smaller one replaces it, in milliseconds: answers that took long say less. */
const keptMs = 60_000;

/** The clock of a database, as far as this process knows it. */
export interface StoreClock extends Clock {
  /** Tells the clock that the database has answered, and what time it was there. */
  answered(at: Date): void;
}

/**
 * Tells a database's time between its answers. Machines disagree about the time by seconds and sometimes by minutes;
 * they all talk to one database, so all that is written and compared is of its clock.
 *
 * An answer is read after it was given, so the estimate is late by no more than the answer took to arrive, and never
 * ahead. Before the first answer the machine's own time is all that there is.
 *
 * @param machine Tells how time passes. It may be wrong about what time it is.
 * @example
 * const clock = storeClock(systemClock);
 * clock.answered(snapshot.readTime.toDate());
 * clock.now();
 */
export function storeClock(machine: Clock): StoreClock {
  let correction: { ms: number; since: number } | null = null;
  return {
    now: () => new Date(machine.now().getTime() + (correction?.ms ?? 0)),
    answered(at) {
      const machineMs = machine.now().getTime();
      const ms = at.getTime() - machineMs;
      const keeps =
        correction !== null && ms < correction.ms && Math.abs(machineMs - correction.since) <= keptMs;
      if (!keeps) correction = { ms, since: machineMs };
    },
  };
}
