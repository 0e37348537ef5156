import { PubSub } from '@google-cloud/pubsub';
import type { GoogleStackFile } from '@spillway/pipeline/stack-file.ts';
import { topicNames } from '@spillway/pipeline/topics.ts';
import type { StackMessages } from './stack-messages.ts';

export function openPubSubMessages({
  project,
  pubsub: apiEndpoint,
}: Pick<GoogleStackFile, 'project' | 'pubsub'>): StackMessages {
  const pubsub = new PubSub({ projectId: project, apiEndpoint, emulatorMode: true });
  return {
    async publish(topic, data, attributes = {}) {
      await pubsub.topic(topicNames[topic]).publishMessage({ data: Buffer.from(data), attributes });
    },
    close: () => pubsub.close(),
  };
}
