import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of one turn of the event loop after which others come first. */
const longestTurnMs = 8;

/**
 * Lets timers and sockets come between calls that are answered at once: a loop that awaits nothing else would never end its
 * turn of the event loop, and a worker would miss its heartbeats while it sweeps.
 */
export function shortTurns(): () => Promise<void> | null {
  let beganAt: number | null = null;
  return () => {
    const now = performance.now();
    if (beganAt === null) {
      beganAt = now;
      setImmediate(() => {
        beganAt = null;
      });
    }
    return now - beganAt > longestTurnMs ? nextTurn() : null;
  };
}
