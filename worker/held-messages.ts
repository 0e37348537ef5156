import { startRecurring } from '@spillway/core/background.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import type { PulledMessage } from '@spillway/pipeline/ports/consumer.ts';
import type { AppPorts } from '@spillway/pipeline/ports/ports.ts';

/**
 * An ack deadline is extended by this much at a time. After a crash, messages come again within this time.
 * Milliseconds.
 */
const extensionMs = 20_000;
const extendEveryMs = 7_000;

/** The messages whose jobs are in progress. Their ack deadlines are extended until they are settled. */
export interface HeldMessages {
  add(message: PulledMessage): void;
  /** Acknowledges a message, or gives it back. Never throws. */
  settle(message: PulledMessage, ack: boolean): Steps<void>;
  /** Ends the extensions once no message is held. */
  stopWhenEmpty(): void;
}

/**
 * All ack deadlines are extended in one request. A failure costs a redelivery, which finds the job claimed or ended.
 */
export function holdMessages({
  consumer,
  timers,
  log,
}: Pick<AppPorts, 'consumer' | 'timers' | 'log'>): HeldMessages {
  const ackIds = new Set<string>();
  let stopping = false;
  const extending = startRecurring({
    everyMs: extendEveryMs,
    timers,
    round: () => (ackIds.size > 0 ? consumer.extend([...ackIds], extensionMs) : undefined),
    onError: (error) => log.warn({ error }, 'Ack deadlines could not be extended.'),
  });

  function stopIfEmpty(): void {
    if (stopping && ackIds.size === 0) void extending.stop();
  }

  return {
    add({ ackId }) {
      ackIds.add(ackId);
    },
    *settle({ ackId }, ack) {
      try {
        yield* waitFor(consumer.settle(ackId, ack));
      } catch (error) {
        log.warn({ error, ack }, 'A message could not be settled; it comes again at its ack deadline.');
      }
      ackIds.delete(ackId);
      stopIfEmpty();
    },
    stopWhenEmpty() {
      stopping = true;
      stopIfEmpty();
    },
  };
}
