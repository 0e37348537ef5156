import { type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example } from '../committed-plans.ts';

const topic = 'google_pubsub_topic';
const subscription = 'google_pubsub_subscription';
const service = 'google_cloud_run_v2_service';
const topicRight = 'google_pubsub_topic_iam_member';

export const brokenMessages: BrokenPlans = {
  'Topics and subscriptions are those of the programs': [
    [/no topic jobs-run/, () => changed(example, [topic, 'jobs-run'], ['name'], 'jobs-elsewhere')],
    [
      /No program uses the subscription jobs-vm/,
      () => changed(example, [subscription, 'jobs-vm-pull'], ['name'], 'jobs-vm'),
    ],
  ],
  'Every topic has a subscriber': [
    [/"jobs-dead"\] has no subscription/, () => without(example, [subscription, 'jobs-dead-pull'])],
  ],
  'No subscription expires': [
    [
      /is deleted when nobody used it/,
      () => changed(example, [subscription, 'jobs-vm-pull'], ['expiration_policy'], undefined),
    ],
    [
      /is deleted when nobody used it/,
      () => changed(example, [subscription, 'jobs-dead-pull'], ['expiration_policy', 'ttl'], '2678400s'),
    ],
  ],
  'No subscription filters, and every one tries again after a pause': [
    [
      /drops what its filter/,
      () => changed(example, [subscription, 'jobs-vm-pull'], ['filter'], 'attributes:urgent'),
    ],
    [
      /tries again at once/,
      () => changed(example, [subscription, 'jobs-run-push'], ['retry_policy'], undefined),
    ],
  ],
  'Every subscription of jobs has dead letters, and Pub/Sub may move messages there': [
    [
      /jobs_run_push has no dead letters/,
      () => changed(example, [subscription, 'jobs-run-push'], ['dead_letter_policy'], undefined),
    ],
    [/may not publish to jobs-dead/, () => without(example, [topicRight, 'dead_letters'])],
    [
      /may not take messages out of/,
      () => without(example, ['google_pubsub_subscription_iam_member', 'dead_letters']),
    ],
  ],
  'A pushed job has as long as the longest operation, and a pulled one as long as its worker expects': [
    [
      /waits 60 s for a job/,
      () => changed(example, [subscription, 'jobs-run-push'], ['ack_deadline_seconds'], 60),
    ],
    [
      /request to the worker may take 30 s/,
      () => changed(example, [service, 'spillway-worker'], ['template', 'timeout'], '30s'),
    ],
    [
      /jobs-vm-pull does not wait 20 s/,
      () => changed(example, [subscription, 'jobs-vm-pull'], ['ack_deadline_seconds'], 600),
    ],
  ],
};
