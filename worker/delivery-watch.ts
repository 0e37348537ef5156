import { type Steps, waitFor } from '@spillway/core/steps.ts';
import type { Consumer } from '@spillway/pipeline/ports/consumer.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';

/** A message may be late now and then: its VM has left, or it waits for its back-off. */
const missesAllowed = 2;

/**
 * A watchdog for a subscriber that gets no messages while work waits: its channel may have died without an error. Slots
 * tell it of messages, and of work that they found in the line when no message had come.
 */
export interface DeliveryWatch {
  delivered(): void;
  /** Opens a new connection once this has happened three times without a message in between. Never throws. */
  missed(): Steps<void>;
}

export function watchDeliveries(consumer: Pick<Consumer, 'reconnect'>, log: Log): DeliveryWatch {
  let misses = 0;
  return {
    delivered() {
      misses = 0;
    },
    *missed() {
      misses++;
      if (misses <= missesAllowed) return;
      misses = 0;
      log.warn({}, 'Work waited and no message came. The subscriber is given a new connection.');
      try {
        yield* waitFor(consumer.reconnect());
      } catch (error) {
        log.warn({ error }, 'A new connection for the subscriber could not be opened.');
      }
    },
  };
}
