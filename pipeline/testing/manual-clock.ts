import { noon } from '@spillway/core/testing/sample-job.ts';
import type { Clock, Ports, Timers } from '../ports/ports.ts';

export interface ManualClock extends Clock, Timers {
  /** `token-1`, `token-2` and so on. */
  newToken(): string;
  /** Moves time on, and runs the timers that became due. */
  advance(ms: number): void;
}

/** The ports that tell a manual clock's time. */
export function timeOf(clock: ManualClock): Pick<Ports, 'clock' | 'timers' | 'newToken'> {
  return { clock, timers: clock, newToken: clock.newToken };
}

/** A clock that moves only when it is told to. */
export function manualClock(start: Date = noon): ManualClock {
  let nowMs = start.getTime();
  let tokens = 0;
  const timers = new Set<{ everyMs: number; dueMs: number; action: () => void }>();
  return {
    now: () => new Date(nowMs),
    newToken: () => `token-${++tokens}`,
    every(everyMs, action) {
      const timer = { everyMs, dueMs: nowMs + everyMs, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      nowMs += ms;
      for (const timer of timers) {
        while (timers.has(timer) && timer.dueMs <= nowMs) {
          timer.dueMs += timer.everyMs;
          timer.action();
        }
      }
    },
  };
}
