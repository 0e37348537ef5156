import type { Queue } from '../ports/queue.ts';
import { jobEndedAttributes, traceAttribute } from '../topics.ts';
import type { Messages } from './messages.ts';
import { subscriptions } from './subscriptions.ts';
import type { WaitingPulls } from './waiting-pulls.ts';

/** The topics in the database. A pull of this process that waits gets a message at once. */
export function createEmbeddedQueue(messages: Messages, pulls: WaitingPulls): Queue {
  return {
    async publish(target, message, trace) {
      const attributes = trace === null ? {} : { [traceAttribute]: trace };
      await messages.publish(subscriptions[target], { data: JSON.stringify(message), attributes });
      pulls.look();
    },
    async announce(id, event, at, trace) {
      const attributes = jobEndedAttributes(id, event, at, trace);
      await messages.publish(subscriptions.events, { data: JSON.stringify(event), attributes });
      pulls.look();
    },
    async bury(data, problem) {
      await messages.publish(subscriptions.dead, { data, attributes: { problem } });
    },
  };
}
