import { ackDeadline, mostDeliveryAttempts, retryBackoff, subscriptionNames, topicNames } from '../topics.ts';

/** How the messages of a topic are brought. Times are in milliseconds. */
export interface Subscription {
  name: string;
  /** A message that is held comes again after this time. */
  ackDeadlineMs: number;
  /** A message that was taken this often and never acknowledged is a dead letter. Null: it comes for ever. */
  mostAttempts: number | null;
}

const jobAttempts = { mostAttempts: mostDeliveryAttempts };

/** The subscription of each topic. They are those of the cloud, and one for what integrators are told. */
export const subscriptions = {
  vm: { name: subscriptionNames.vm, ackDeadlineMs: ackDeadline.pull * 1_000, ...jobAttempts },
  run: { name: subscriptionNames.run, ackDeadlineMs: ackDeadline.push * 1_000, ...jobAttempts },
  uploads: { name: subscriptionNames.uploads, ackDeadlineMs: ackDeadline.push * 1_000, mostAttempts: null },
  events: { name: `${topicNames.events}-push`, ackDeadlineMs: ackDeadline.pull * 1_000, mostAttempts: null },
  dead: { name: subscriptionNames.dead, ackDeadlineMs: ackDeadline.pull * 1_000, mostAttempts: null },
} as const satisfies Record<keyof typeof topicNames, Subscription>;

/** How long a message stays away that was refused, having been taken this often. Milliseconds. */
export function pauseAfterRefusal(attempts: number): number {
  return 1_000 * Math.min(retryBackoff.most, retryBackoff.least * 2 ** Math.min(attempts - 1, 30));
}
