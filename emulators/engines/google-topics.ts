import type { CreateSubscriptionOptions, PubSub } from '@google-cloud/pubsub';
import { hasCode } from '@spillway/core/errors.ts';
import {
  ackDeadline,
  mostDeliveryAttempts,
  retryBackoff,
  subscriptionNames,
  topicNames,
} from '@spillway/pipeline/topics.ts';

/** A subscription that nobody used for 31 days would be deleted, and what is published after that would vanish. */
const expirationPolicy = {};

/**
 * Creates the topics and subscriptions where they are missing. No subscription expires. The push subscriptions are
 * pulled by the stack's own pusher (`pusher/`), since the emulator pushes two messages at a time, ever.
 */
export async function createTopics(pubsub: PubSub, project: string): Promise<void> {
  await Promise.all(Object.values(topicNames).map((name) => unlessExists(pubsub.createTopic(name))));
  const deadLetterPolicy = {
    deadLetterTopic: `projects/${project}/topics/${topicNames.dead}`,
    maxDeliveryAttempts: mostDeliveryAttempts,
  };
  const retryPolicy = {
    minimumBackoff: { seconds: retryBackoff.least },
    maximumBackoff: { seconds: retryBackoff.most },
  };
  const subscriptions: [topic: string, name: string, options: CreateSubscriptionOptions][] = [
    [
      topicNames.vm,
      subscriptionNames.vm,
      { ackDeadlineSeconds: ackDeadline.pull, deadLetterPolicy, retryPolicy },
    ],
    [
      topicNames.run,
      subscriptionNames.run,
      {
        ackDeadlineSeconds: ackDeadline.push,
        deadLetterPolicy,
        retryPolicy,
      },
    ],
    [topicNames.dead, subscriptionNames.dead, { ackDeadlineSeconds: ackDeadline.pull }],
    [topicNames.uploads, subscriptionNames.uploads, { ackDeadlineSeconds: ackDeadline.push, retryPolicy }],
    [
      topicNames.webUploads,
      subscriptionNames.webUploads,
      { ackDeadlineSeconds: ackDeadline.push, retryPolicy },
    ],
  ];
  await Promise.all(
    subscriptions.map(([topic, name, options]) =>
      unlessExists(pubsub.topic(topic).createSubscription(name, { ...options, expirationPolicy })),
    ),
  );
}

/** gRPC's ALREADY_EXISTS. */
const exists = 6;

async function unlessExists(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!hasCode(error, exists)) throw error;
  }
}
