import type { Clock, Timers } from './ports/ports.ts';

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date() };

export const systemTimers: Timers = {
  every(ms, action) {
    const timer = setInterval(action, ms);
    return () => clearInterval(timer);
  },
};
