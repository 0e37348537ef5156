import { type PubSub, type protos, v1 } from '@google-cloud/pubsub';
import type { DeadLetter } from '@spillway/core/diagnosis/system-reading.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import { deliveredTooOften, subscriptionNames } from '../topics.ts';
import { orOutage } from './outages.ts';

/** A pull waits no longer for a message, in milliseconds, and is not tried again by the client. */
const pullOptions = { timeout: 3_000, retry: null };
/** A pull may bring nothing though there is something. */
const mostPulls = 3;
/** Letters of a pull, and pulls, in which one letter is looked for. */
const lettersAPull = 100;
const mostPullsForOne = 20;

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

  async function withClient<Value>(work: (client: v1.SubscriberClient) => Promise<Value>): Promise<Value> {
    const config = (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0];
    const client = new v1.SubscriberClient(config);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }

  async function giveBack(client: v1.SubscriberClient, ackIds: string[]): Promise<void> {
    if (ackIds.length === 0) return;
    const back = client.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 });
    await orOutage('Pub/Sub', back, 'take dead letters back');
  }

  return {
    peek: (limit) =>
      withClient(async (client) => {
        for (let pulls = 0; pulls < mostPulls; pulls++) {
          const received = await pull(client, limit);
          const ackIds = received.flatMap(({ ackId }) => ackId ?? []);
          if (ackIds.length === 0) continue;
          await giveBack(client, ackIds);
          return received.flatMap(({ message }) => (message ? [letterOf(message)] : []));
        }
        return [];
      }),
    remove: (id) =>
      withClient(async (client) => {
        /** Held until the letter is found, so that no pull brings them again. */
        const others: string[] = [];
        try {
          for (let pulls = 0; pulls < mostPullsForOne; pulls++) {
            const received = await pull(client, lettersAPull);
            const found = received.find(({ message }) => message?.messageId === id)?.ackId;
            others.push(...received.flatMap(({ ackId }) => (ackId && ackId !== found ? [ackId] : [])));
            if (!found) continue;
            const taken = client.acknowledge({ subscription, ackIds: [found] });
            await orOutage('Pub/Sub', taken, 'take a dead letter away');
            return true;
          }
          return false;
        } finally {
          await giveBack(client, others);
        }
      }),
  };
}

function letterOf({
  messageId,
  attributes,
  publishTime,
  data,
}: protos.google.pubsub.v1.IPubsubMessage): DeadLetter {
  const seconds = publishTime?.seconds;
  return {
    id: messageId ?? '',
    problem: attributes?.problem ?? deliveredTooOften,
    at: seconds == null ? null : new Date(Number(seconds) * 1_000),
    data: Buffer.from(data ?? '').toString('utf8'),
  };
}
