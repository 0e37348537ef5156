import { PubSub, type Topic } from '@google-cloud/pubsub';
import type { StorageNotification } from './notification-event.ts';

/** Publishes one notification; rejects if that did not succeed, whereupon it is tried again. */
export type Notifier = (notification: StorageNotification) => Promise<void>;

/**
 * A notifier that publishes with the real Pub/Sub client, to the topic that each notification names (the local stack
 * configures `uploads-finalized`, which stands for the topic that Eventarc makes).
 *
 * @param emulatorHost `host:port` of the Pub/Sub emulator
 */
export function pubsubNotifier(options: { projectId: string; emulatorHost: string }): {
  notify: Notifier;
  close(): Promise<void>;
} {
  const pubsub = new PubSub({
    projectId: options.projectId,
    apiEndpoint: options.emulatorHost,
    emulatorMode: true,
  });
  const topics = new Map<string, Topic>();
  const topicFor = (name: string): Topic => {
    // Without batching: a finalize event that waits for company is latency that no user of the cloud would see.
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
