import { setTimeout as delay } from 'node:timers/promises';
import { type PubSub, v1 } from '@google-cloud/pubsub';
import { singleFlight } from '@spillway/core/background.ts';
import { RefusedError } from '@spillway/core/errors.ts';
import { readTrace } from '@spillway/core/trace.ts';
import { type Consumer, pullEndsWithinMs } from '../ports/consumer.ts';
import { subscriptionNames, traceAttribute } from '../topics.ts';
import { asServiceError, codeOf, orOutage } from './outages.ts';
import { readPush } from './read-push.ts';
import { readStorageEvent } from './storage-event.ts';

/** gRPC's codes of a pull that ended without a message: DEADLINE_EXCEEDED and CANCELLED. */
const withoutMessage = new Set<unknown>([4, 1]);
/**
 * A pull has one message, has its deadline sent along, and is not tried again. The service knows the deadline, so that
 * it answers before it: a call that the client cancels may take a message with it (tried: the emulator gave one of four
 * next messages to a cancelled call, and none of twelve to one that had ended at its deadline).
 *
 * The pull is unary because it has to be exact. A stream with `maxOutstandingMessages` of 2 got all of 20 messages from
 * the emulator, which ignores that limit, and a second worker got none.
 * @see https://cloud.google.com/pubsub/docs/pull#unary_pull_api
 */
const pullOptions = { timeout: pullEndsWithinMs, retry: null };

const pushedOnly = `Pub/Sub pushes the messages of ${subscriptionNames.run}: nobody can pull them.`;

export interface PubSubConsumer extends Consumer {
  close(): Promise<void>;
}

/** `jobs-vm-pull` and `jobs-run-push` in Pub/Sub. It connects at the first pull. */
export function createPubSubConsumer(pubsub: PubSub): PubSubConsumer {
  const subscription = `projects/${pubsub.projectId}/subscriptions/${subscriptionNames.vm}`;
  let client: v1.SubscriberClient | null = null;
  const replaced = new Set<v1.SubscriberClient>();
  const connecting = singleFlight(async () => {
    // The high-level client knows the emulator's address and the credentials.
    const config = (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0];
    client ??= new v1.SubscriberClient(config);
    return client;
  });
  const connected = () => client ?? connecting.run();

  /** Closes a client once its last pulls have ended. */
  async function closeLater(old: v1.SubscriberClient): Promise<void> {
    replaced.add(old);
    await delay(2 * pullEndsWithinMs, undefined, { ref: false });
    if (replaced.delete(old)) await old.close();
  }

  return {
    async pull(target) {
      if (target === 'run') throw new RefusedError(pushedOnly, { scope: 'service' });
      const connection = await connected();
      try {
        const [{ receivedMessages }] = await connection.pull({ subscription, maxMessages: 1 }, pullOptions);
        const [received] = receivedMessages ?? [];
        if (!received) return null;
        if (!received.ackId) throw new Error('Pub/Sub sent a message without an acknowledgement id.');
        const { data = '', attributes } = received.message ?? {};
        return {
          ackId: received.ackId,
          data: Buffer.from(data ?? '').toString('utf8'),
          trace: readTrace(attributes?.[traceAttribute]),
        };
      } catch (error) {
        if (withoutMessage.has(codeOf(error))) return null;
        throw asServiceError('Pub/Sub', error, 'give messages');
      }
    },
    async reconnect() {
      const old = client;
      client = null;
      if (old) void closeLater(old);
    },
    async extend(ackIds, ms) {
      await setDeadline([...ackIds], Math.ceil(ms / 1_000), 'extend an ack deadline');
    },
    async settle(ackId, ack) {
      const ackIds = [ackId];
      if (!ack) return setDeadline(ackIds, 0, 'take a message back');
      const connection = await connected();
      await orOutage('Pub/Sub', connection.acknowledge({ subscription, ackIds }), 'forget a message');
    },
    readPush,
    readStorageEvent,
    async close() {
      await Promise.all([client, ...replaced].map((each) => each?.close()));
      replaced.clear();
    },
  };

  async function setDeadline(ackIds: string[], ackDeadlineSeconds: number, operation: string): Promise<void> {
    const connection = await connected();
    const call = connection.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds });
    await orOutage('Pub/Sub', call, operation);
  }
}
