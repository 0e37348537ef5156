import { PubSub, type Topic } from '@google-cloud/pubsub';
import type { NotificationTarget } from './notifier.ts';

/**
 * A notifier that publishes with the real Pub/Sub client, to the topic that each notification names (the local stack
 * configures `uploads-finalized` in place of the topic that Eventarc creates).
 *
 * @param emulatorHost `host:port` of the Pub/Sub emulator
 */
export function pubsubNotifier(options: { projectId: string; emulatorHost: string }): NotificationTarget {
  const pubsub = new PubSub({
    projectId: options.projectId,
    apiEndpoint: options.emulatorHost,
    emulatorMode: true,
  });
  const topics = new Map<string, Topic>();
  const topicFor = (name: string): Topic => {
    // No batching: it would add latency to finalize events that users of the cloud do not have.
    const topic = topics.get(name) ?? pubsub.topic(name, { batching: { maxMessages: 1 } });
    topics.set(name, topic);
    return topic;
  };
  return {
    async notify({ topic, data, attributes }) {
      await topicFor(topic).publishMessage({ data: Buffer.from(data), attributes });
    },
    close: () => pubsub.close(),
  };
}
