import { PubSub, v1 } from '@google-cloud/pubsub';
import type { Source } from '@spillway/pipeline/push/pusher.ts';
import { type PushForm, pushRequest } from './push-requests.ts';

/** One pull waits at most this long for a message. The emulator may end it sooner. Milliseconds. */
const longestPullMs = 60_000;
/** gRPC's codes of a pull that timed out without a message (4), and of one that was aborted (1). */
const withoutMessages = new Set<unknown>([4, 1]);

/**
 * A subscription of Google's emulator, which is a pull subscription there. Its ack deadline is the push's limit, so
 * nothing is extended.
 */
export function emulatorSource(client: v1.SubscriberClient, subscription: string, form: PushForm): Source {
  return {
    async pull(most, signal) {
      try {
        const options = { timeout: longestPullMs, retry: null, signal };
        const [{ receivedMessages }] = await client.pull({ subscription, maxMessages: most }, options);
        return (receivedMessages ?? []).map(({ ackId, message, deliveryAttempt }) => {
          const { data, attributes, messageId, publishTime } = message ?? {};
          const received = {
            data: Buffer.from(data ?? ''),
            attributes: attributes ?? {},
            messageId: messageId ?? '',
            publishTime: new Date(
              Number(publishTime?.seconds ?? 0) * 1_000 + (publishTime?.nanos ?? 0) / 1e6,
            ),
            deliveryAttempt: deliveryAttempt || null,
          };
          return { ackId: ackId ?? '', request: pushRequest(form, received, subscription) };
        });
      } catch (error) {
        if (error instanceof Error && 'code' in error && withoutMessages.has(error.code)) return [];
        throw error;
      }
    },
    async acknowledge(ackId) {
      await client.acknowledge({ subscription, ackIds: [ackId] });
    },
    async refuse(ackId) {
      await client.modifyAckDeadline({ subscription, ackIds: [ackId], ackDeadlineSeconds: 0 });
    },
  };
}

/** The subscriptions of an emulator, by their names. */
export async function emulatorSources(host: string, project: string) {
  const pubsub = new PubSub({ projectId: project, apiEndpoint: host, emulatorMode: true });
  const client = new v1.SubscriberClient(
    (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0],
  );
  return (name: string, form: PushForm): Source =>
    emulatorSource(client, `projects/${project}/subscriptions/${name}`, form);
}
