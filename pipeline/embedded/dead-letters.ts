import type { DeadLetters } from '../ports/dead-letters.ts';
import { deliveredTooOften } from '../topics.ts';
import type { Messages } from './messages.ts';
import { subscriptions } from './subscriptions.ts';

/** Letters among which one is looked for: an id of another message must not be removed. */
const mostLetters = 10_000;

/** The dead letters in the database. Everybody may look at them at the same time. */
export function createEmbeddedDeadLetters(messages: Messages): DeadLetters {
  return {
    async peek(limit) {
      const letters = await messages.peek(subscriptions.dead, limit);
      return letters.map(({ messageId, attributes, publishedAt, data }) => ({
        id: messageId,
        problem: attributes.problem ?? deliveredTooOften,
        at: publishedAt,
        data,
      }));
    },
    async remove(id) {
      const letters = await messages.peek(subscriptions.dead, mostLetters);
      if (!letters.some(({ messageId }) => messageId === id)) return false;
      await messages.remove([id]);
      return true;
    },
  };
}
