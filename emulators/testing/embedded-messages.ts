import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages } from '@spillway/pipeline/embedded/messages.ts';
import { subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import type { StackMessages } from './stack-messages.ts';

/** @param file The database of a stack. */
export async function openEmbeddedMessages(file: string): Promise<StackMessages> {
  const database = await openDatabase(file);
  const messages = createMessages(database);
  return {
    publish: (topic, data, attributes = {}) => messages.publish(subscriptions[topic], { data, attributes }),
    async close() {
      database.close();
    },
  };
}
