import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages } from '@spillway/pipeline/embedded/messages.ts';
import { pushSource } from '@spillway/pipeline/embedded/push-source.ts';
import { type Subscription, subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import { createWaitingPulls } from '@spillway/pipeline/embedded/waiting-pulls.ts';
import type { Source } from '@spillway/pipeline/push/pusher.ts';
import { type PushForm, pushRequest } from './push-requests.ts';

/** The subscriptions of the embedded engine, by their names, in the forms that Google's services push. */
export async function embeddedSources(path: string, project: string) {
  const database = await openDatabase(path);
  const messages = createMessages(database);
  const pulls = createWaitingPulls(database, messages);
  return (name: string, form: PushForm): Source => {
    const subscription = subscriptionOf(name);
    return pushSource(subscription, { messages, pulls }, (message) => {
      const { messageId, attributes, publishedAt: publishTime } = message;
      // Pub/Sub counts the attempts only where there is a dead letter topic.
      const deliveryAttempt = subscription.mostAttempts === null ? null : message.deliveryAttempt;
      const received = {
        data: Buffer.from(message.data),
        attributes,
        messageId,
        publishTime,
        deliveryAttempt,
      };
      return pushRequest(form, received, `projects/${project}/subscriptions/${name}`);
    });
  };
}

function subscriptionOf(name: string): Subscription {
  const found = Object.values(subscriptions).find((each) => each.name === name);
  if (!found) throw new Error(`The embedded engine has no subscription ${name}.`);
  return found;
}
