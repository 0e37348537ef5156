import { type PubSub, v1 } from '@google-cloud/pubsub';
import type { DeadLetters } from '../ports/dead-letters.ts';
import { codeOf, orOutage } from './outages.ts';
import { subscriptionNames } from './queue.ts';

/** gRPC's codes of a pull that ended without a message: DEADLINE_EXCEEDED and CANCELLED. */
const withoutMessage = new Set<unknown>([4, 1]);
/** The pull waits no longer for a message, in milliseconds, and is not tried again. */
const pullOptions = { timeout: 2_000, retry: null };

/**
 * `jobs-dead-pull` in Pub/Sub, which tells nobody how many messages it has. Messages that are pulled and given back at once
 * stay where they are.
 */
export function createPubSubDeadLetters(pubsub: PubSub): DeadLetters {
  return {
    async peek(limit) {
      const subscription = `projects/${pubsub.projectId}/subscriptions/${subscriptionNames.dead}`;
      const config = (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0];
      const client = new v1.SubscriberClient(config);
      try {
        const pulling = client
          .pull({ subscription, maxMessages: limit }, pullOptions)
          .catch((error: unknown) => {
            if (withoutMessage.has(codeOf(error))) return [{ receivedMessages: [] }] as const;
            throw error;
          });
        const [{ receivedMessages }] = await orOutage('Pub/Sub', pulling, 'show dead letters');
        const received = receivedMessages ?? [];
        const ackIds = received.flatMap(({ ackId }) => ackId ?? []);
        if (ackIds.length > 0) {
          const back = client.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 });
          await orOutage('Pub/Sub', back, 'take dead letters back');
        }
        return received.map(({ message }) => ({
          problem: message?.attributes?.problem ?? 'It came too often.',
        }));
      } finally {
        await client.close();
      }
    },
  };
}
