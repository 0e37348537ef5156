import { ackDeadline, mostDeliveryAttempts, retryBackoff, subscriptionNames, topicNames } from '../topics.ts';

/** How the messages of a topic are brought. Times are in milliseconds. */
export interface Subscription {
  name: string;
  /** A message that is held comes again after this time. */
  ackDeadlineMs: number;
  /** A message that was taken this often and never acknowledged is a dead letter. Null: it comes for ever. */
  mostAttempts: number | null;
  /** A message that nobody has acknowledged is removed after this time, also where the machine was off. Null: never. */
  keptMs: number | null;
  /** Of more messages the oldest are removed. Null: there is no limit. */
  mostKept: number | null;
}

const dayMs = 24 * 3_600_000;
const pulled = { ackDeadlineMs: ackDeadline.pull * 1_000 };
const pushed = { ackDeadlineMs: ackDeadline.push * 1_000 };
/**
 * Pub/Sub keeps messages this long too. The sweep publishes a job again whose message is gone.
 * @see https://cloud.google.com/pubsub/docs/subscription-retention
 */
const ofJobs = { mostAttempts: mostDeliveryAttempts, keptMs: 7 * dayMs, mostKept: null };

/** Nothing else tells of an upload, however long the machine was off. What cannot be routed is put aside after a day. */
const ofUploads = { ...pushed, mostAttempts: null, keptMs: null, mostKept: null };

/** The subscription of each topic. They are those of the cloud, and one for what integrators are told. */
export const subscriptions = {
  vm: { name: subscriptionNames.vm, ...pulled, ...ofJobs },
  run: { name: subscriptionNames.run, ...pushed, ...ofJobs },
  uploads: { name: subscriptionNames.uploads, ...ofUploads },
  webUploads: { name: subscriptionNames.webUploads, ...ofUploads },
  /** Nobody may be there to be told, so what is kept has a limit: it is about ten megabytes. */
  events: {
    name: `${topicNames.events}-push`,
    ...pushed,
    mostAttempts: null,
    keptMs: 31 * dayMs,
    mostKept: 10_000,
  },
  dead: { name: subscriptionNames.dead, ...pulled, mostAttempts: null, keptMs: 31 * dayMs, mostKept: null },
} as const satisfies Record<keyof typeof topicNames, Subscription>;

/** How long a message stays away that was refused, having been taken this often. Milliseconds. */
export function pauseAfterRefusal(attempts: number): number {
  return 1_000 * Math.min(retryBackoff.most, retryBackoff.least * 2 ** Math.min(attempts - 1, 30));
}
