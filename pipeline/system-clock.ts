import type { Clock, Timers } from './ports/ports.ts';

/** The machine's clock as it was when the process began, and from then on without the steps that time servers make. */
export const systemClock: Clock = { now: () => new Date(performance.timeOrigin + performance.now()) };

export const systemTimers: Timers = {
  every(ms, action) {
    const timer = setInterval(action, ms);
    return () => clearInterval(timer);
  },
};
