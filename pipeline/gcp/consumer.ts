import { type PubSub, v1 } from '@google-cloud/pubsub';
import { singleFlight } from '@spillway/core/background.ts';
import { z } from 'zod';
import type { Consumer } from '../ports/consumer.ts';
import { asServiceError, codeOf, orOutage } from './outages.ts';
import { subscriptionNames } from './queue.ts';
import { readStorageEvent } from './storage-event.ts';

/** One pull waits at most this long for a message. The server may end it sooner. Milliseconds. */
const longestPullMs = 60_000;
/** gRPC's codes of a pull that timed out without a message (4), and of one that was aborted (1). */
const withoutMessages = new Set<unknown>([4, 1]);

/** @see https://cloud.google.com/pubsub/docs/push#receive_push */
const pushSchema = z.object({
  /** `data` is base64. */
  message: z.object({ data: z.string().min(1) }),
});

export interface PubSubConsumer extends Consumer {
  close(): Promise<void>;
}

/** `jobs-vm-pull` and `jobs-run-push` in Pub/Sub. It connects at the first pull. */
export function createPubSubConsumer(pubsub: PubSub): PubSubConsumer {
  const subscription = `projects/${pubsub.projectId}/subscriptions/${subscriptionNames.vm}`;
  let client: v1.SubscriberClient | null = null;
  const connecting = singleFlight(async () => {
    // The high-level client knows the emulator's address and the credentials.
    const config = (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0];
    client ??= new v1.SubscriberClient(config);
    return client;
  });
  const connected = () => client ?? connecting.run();

  return {
    async pull(most, signal) {
      const connection = await connected();
      try {
        // The pull is unary: a streaming pull was seen to fetch the whole backlog onto the worker that came
        // first.
        const options = { timeout: longestPullMs, retry: null, signal };
        const [{ receivedMessages }] = await connection.pull({ subscription, maxMessages: most }, options);
        return (receivedMessages ?? []).map(({ ackId, message }) => {
          if (!ackId) throw new Error('Pub/Sub sent a message without an acknowledgement id.');
          return { ackId, data: Buffer.from(message?.data ?? '').toString('utf8') };
        });
      } catch (error) {
        if (withoutMessages.has(codeOf(error))) return [];
        throw asServiceError('Pub/Sub', error, 'give messages');
      }
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
    readPush(body) {
      try {
        const push = pushSchema.safeParse(JSON.parse(body));
        return push.success ? Buffer.from(push.data.message.data, 'base64').toString('utf8') : body;
      } catch {
        return body;
      }
    },
    readStorageEvent,
    async close() {
      await client?.close();
    },
  };

  async function setDeadline(ackIds: string[], ackDeadlineSeconds: number, operation: string): Promise<void> {
    const connection = await connected();
    const call = connection.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds });
    await orOutage('Pub/Sub', call, operation);
  }
}
