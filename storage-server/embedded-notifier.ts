import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages } from '@spillway/pipeline/embedded/messages.ts';
import { subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import { topicNames } from '@spillway/pipeline/topics.ts';
import type { NotificationTarget } from './notifier.ts';

/**
 * A notifier that publishes into the queues of the embedded engine. They have one topic for notifications. Nobody can
 * subscribe to another, so what is published there is gone, as in Pub/Sub.
 *
 * @param path The database's file.
 */
export async function embeddedNotifier(path: string): Promise<NotificationTarget> {
  const database = await openDatabase(path);
  const messages = createMessages(database);
  return {
    async notify({ topic, data, attributes }) {
      if (topic.split('/').at(-1) !== topicNames.uploads) return;
      await messages.publish(subscriptions.uploads, { data, attributes });
    },
    async close() {
      database.close();
    },
  };
}
