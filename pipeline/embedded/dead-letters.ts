import type { DeadLetters } from '../ports/dead-letters.ts';
import { deliveredTooOften } from '../topics.ts';
import type { Messages } from './messages.ts';
import { subscriptions } from './subscriptions.ts';

/** The dead letters in the database. Everybody may look at them at the same time. */
export function createEmbeddedDeadLetters(messages: Messages): DeadLetters {
  return {
    async peek(limit) {
      const letters = await messages.peek(subscriptions.dead, limit);
      return letters.map(({ attributes }) => ({ problem: attributes.problem ?? deliveredTooOften }));
    },
  };
}
