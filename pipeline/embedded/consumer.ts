import type { Target } from '@spillway/core/job.ts';
import { readTrace } from '@spillway/core/trace.ts';
import { readPush } from '../gcp/read-push.ts';
import { readStorageEvent } from '../gcp/storage-event.ts';
import { type Consumer, pullEndsWithinMs } from '../ports/consumer.ts';
import { traceAttribute } from '../topics.ts';
import type { Messages } from './messages.ts';
import { subscriptions } from './subscriptions.ts';
import type { WaitingPulls } from './waiting-pulls.ts';

/** Takes messages out of the database. What is pushed has the forms that Google's services send. */
export function createEmbeddedConsumer(messages: Messages, pulls: WaitingPulls): Consumer {
  return {
    async pull(target: Target = 'vm') {
      const [message] = await pulls.pull(subscriptions[target], 1, pullEndsWithinMs);
      if (!message) return null;
      const { ackId, data, attributes } = message;
      return { ackId, data, trace: readTrace(attributes[traceAttribute]) };
    },
    // There is no connection.
    async reconnect() {},
    extend: (ackIds, ms) => messages.extend(ackIds, ms),
    settle: (ackId, ack) => (ack ? messages.acknowledge(ackId) : messages.refuse(ackId)),
    readPush,
    readStorageEvent,
  };
}
