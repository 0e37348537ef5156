import { type PubSub, v1 } from '@google-cloud/pubsub';
import type { DeadLetters } from '../ports/dead-letters.ts';
import { deliveredTooOften, subscriptionNames } from '../topics.ts';
import { orOutage } from './outages.ts';

/** A pull waits no longer for a message, in milliseconds, and is not tried again by the client. */
const pullOptions = { timeout: 3_000, retry: null };
/** A pull may bring nothing though there is something. */
const mostPulls = 3;

/**
 * `jobs-dead-pull` in Pub/Sub, which tells nobody how many messages it has. Messages that are pulled and given back at once
 * stay where they are.
 */
export function createPubSubDeadLetters(pubsub: PubSub): DeadLetters {
  const subscription = `projects/${pubsub.projectId}/subscriptions/${subscriptionNames.dead}`;

  /** `returnImmediately` is right here: nobody waits for a message that comes later. */
  async function pull(client: v1.SubscriberClient, maxMessages: number) {
    const request = { subscription, maxMessages, returnImmediately: true };
    const [{ receivedMessages }] = await orOutage(
      'Pub/Sub',
      client.pull(request, pullOptions),
      'show dead letters',
    );
    return receivedMessages ?? [];
  }

  return {
    async peek(limit) {
      const config = (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0];
      const client = new v1.SubscriberClient(config);
      try {
        for (let pulls = 0; pulls < mostPulls; pulls++) {
          const received = await pull(client, limit);
          const ackIds = received.flatMap(({ ackId }) => ackId ?? []);
          if (ackIds.length === 0) continue;
          const back = client.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 });
          await orOutage('Pub/Sub', back, 'take dead letters back');
          return received.map(({ message }) => ({
            problem: message?.attributes?.problem ?? deliveredTooOften,
          }));
        }
        return [];
      } finally {
        await client.close();
      }
    },
  };
}
