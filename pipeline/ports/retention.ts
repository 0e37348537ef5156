import type { Awaitable } from '@spillway/core/steps.ts';

/**
 * Ends the keeping of what is old. In the cloud, TTL policies of Firestore and Pub/Sub's retention do this by
 * themselves.
 */
export interface Retention {
  /**
   * Removes documents whose `expiresAt` has passed, and messages that nobody took in their time: a bounded number, so that
   * a sweep stays short. The next sweep goes on. Throws `OutageError`.
   */
  removeExpired(): Awaitable<void>;
}
