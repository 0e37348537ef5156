import type { protos, v1 } from '@google-cloud/pubsub';
import type { Log } from '@spillway/pipeline/ports/ports.ts';

/** A lease is extended by this much at a time: little, so that a crash is noticed soon. Seconds. */
const extensionSeconds = 20;
const extendEveryMs = 7_000;

export interface Lease {
  /** The message's data as text. */
  readonly data: string;
  /** Acknowledges the message, or gives it back; ends its extensions. Never rejects. */
  end(ack: boolean): Promise<void>;
}

export interface Leases {
  take(received: protos.google.pubsub.v1.IReceivedMessage): Lease;
  /** Ends the extensions once no message is held. */
  stopWhenEmpty(): void;
}

/** Keeps the messages in progress ours, in one request for all of them. */
export function startLeases(client: v1.SubscriberClient, subscription: string, log: Log): Leases {
  const held = new Set<string>();
  let stopping = false;
  const timer = setInterval(() => void extend(), extendEveryMs);

  async function extend(): Promise<void> {
    if (held.size === 0) return;
    await attempt('A lease could not be extended.', () =>
      client.modifyAckDeadline({ subscription, ackIds: [...held], ackDeadlineSeconds: extensionSeconds }),
    );
  }

  /** A failure here costs a redelivery, which meets the finished job and is dropped. */
  async function attempt(complaint: string, call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      log.warn({ error }, complaint);
    }
  }

  function release(ackId: string): void {
    held.delete(ackId);
    if (stopping && held.size === 0) clearInterval(timer);
  }

  return {
    take({ ackId, message }) {
      if (!ackId) throw new Error('Pub/Sub sent a message without an acknowledgement id.');
      held.add(ackId);
      return {
        data: Buffer.from(message?.data ?? '').toString('utf8'),
        async end(ack) {
          const ackIds = [ackId];
          await attempt('A message could not be acknowledged.', () =>
            ack
              ? client.acknowledge({ subscription, ackIds })
              : client.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 }),
          );
          release(ackId);
        },
      };
    },
    stopWhenEmpty() {
      stopping = true;
      if (held.size === 0) clearInterval(timer);
    },
  };
}
