import type { PubSub, Topic } from '@google-cloud/pubsub';
import type { Target } from '@spillway/core/job.ts';
import type { Queue } from '../ports/queue.ts';
import { jobEndedAttributes, topicNames, traceAttribute } from '../topics.ts';
import { orOutage } from './outages.ts';

/**
 * The client holds a message back this long to send others with it, in milliseconds. It is short, since jobs
 * are in a hurry.
 */
const batching = { maxMilliseconds: 2 };

/** The topics in Pub/Sub. */
export function createPubSubQueue(pubsub: PubSub): Queue {
  const topics: Record<Target, Topic> = {
    vm: pubsub.topic(topicNames.vm, { batching }),
    run: pubsub.topic(topicNames.run, { batching }),
  };
  const dead = pubsub.topic(topicNames.dead, { batching });
  const events = pubsub.topic(topicNames.events, { batching });
  return {
    async publish(target, message, trace) {
      const attributes = trace === null ? {} : { [traceAttribute]: trace };
      await orOutage(
        'Pub/Sub',
        topics[target].publishMessage({ json: message, attributes }),
        'publish a job',
      );
    },
    async announce(id, event, at, trace) {
      const attributes = jobEndedAttributes(id, event, at, trace);
      await orOutage('Pub/Sub', events.publishMessage({ json: event, attributes }), 'announce an end');
    },
    async bury(data, problem) {
      const message = { data: Buffer.from(data), attributes: { problem } };
      await orOutage('Pub/Sub', dead.publishMessage(message), 'put a message aside');
    },
  };
}
