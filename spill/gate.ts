import { setTimeout as delay } from 'node:timers/promises';
import { singleFlight } from '@spillway/core/background.ts';
import { messageOf } from '@spillway/core/errors.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { Pulling } from '@spillway/worker/pull-loop.ts';

/**
 * Takes no messages while Cloud Run does not take pictures, as Pub/Sub's push does after a refusal. So jobs stay unclaimed,
 * from which routers tell that Cloud Run is away, and go to the VMs.
 */
export interface Gate {
  /** Cloud Run has answered for a picture, whatever it answered. */
  answered(): void;
  /** It has not taken a picture, or broke off. */
  failed(why: unknown): void;
  stop(): Promise<void>;
}

/** Pauses double while failures go on. The longest is shorter than the time in which a breaker's trial has to be taken. */
const pauses = { firstMs: 1_000, mostMs: 15_000 } as const;

/** @param ask Asks Cloud Run whether it takes pictures; rejects where it does not. */
export function createGate(
  pulling: Pick<Pulling, 'pause'>,
  ask: () => Promise<void>,
  log: Log,
  { firstMs, mostMs }: { firstMs: number; mostMs: number } = pauses,
): Gate {
  const stopped = new AbortController();
  let failures = 0;
  let isOpen = true;

  function open(): void {
    if (isOpen) return;
    isOpen = true;
    pulling.pause(false);
  }

  const asking = singleFlight(async () => {
    while (!isOpen) {
      const pauseMs = Math.min(mostMs, firstMs * 2 ** (failures - 1));
      try {
        await delay(pauseMs, undefined, { signal: stopped.signal });
      } catch {
        return;
      }
      if (isOpen) return;
      try {
        await ask();
        // The next picture tells whether all is well. Until one is answered, the next pause is longer.
        open();
      } catch (error) {
        failures++;
        log.warn({ error }, `Cloud Run takes no pictures: ${messageOf(error)}`);
      }
    }
  });

  return {
    answered() {
      if (failures > 0) log.info({}, 'Cloud Run takes pictures again.');
      failures = 0;
      open();
    },
    failed(why) {
      // What was under way when the gate closed says nothing new.
      if (!isOpen) return;
      failures++;
      isOpen = false;
      pulling.pause(true);
      log.warn(
        { error: why },
        `Cloud Run did not take a picture, and gets none for a while: ${messageOf(why)}`,
      );
      void asking.run();
    },
    async stop() {
      stopped.abort();
      await asking.landed();
    },
  };
}
