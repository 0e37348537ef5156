import { randomUUID } from 'node:crypto';
import type { Clock } from './ports/ports.ts';

/** The machine's clock and randomness. */
export const systemClock: Clock = {
  now: () => new Date(),
  token: () => randomUUID(),
  every(ms, action) {
    const timer = setInterval(action, ms);
    return () => clearInterval(timer);
  },
};
