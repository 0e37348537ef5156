import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages } from '@spillway/pipeline/embedded/messages.ts';
import { type Subscription, subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import { topicNames } from '@spillway/pipeline/topics.ts';
import type { NotificationTarget } from './notifier.ts';

/**
 * A notifier that publishes into the queues of the embedded engine. They have a topic for each bucket of uploads. Nobody
 * can subscribe to another, so what is published there is gone, as in Pub/Sub.
 *
 * @param path The database's file.
 */
export async function embeddedNotifier(path: string): Promise<NotificationTarget> {
  const database = await openDatabase(path);
  const messages = createMessages(database);
  return {
    async notify({ topic, data, attributes }) {
      const subscription = subscriptionOf(topic.split('/').at(-1));
      if (subscription) await messages.publish(subscription, { data, attributes });
    },
    async close() {
      database.close();
    },
  };
}

function subscriptionOf(topic: string | undefined): Subscription | null {
  switch (topic) {
    case topicNames.uploads:
      return subscriptions.uploads;
    case topicNames.webUploads:
      return subscriptions.webUploads;
    default:
      return null;
  }
}
