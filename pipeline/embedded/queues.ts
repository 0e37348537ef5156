import { limitedQueue } from '../limits/queue.ts';
import type { Consumer } from '../ports/consumer.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import type { Queue } from '../ports/queue.ts';
import { createEmbeddedConsumer } from './consumer.ts';
import type { Database } from './database.ts';
import { createEmbeddedDeadLetters } from './dead-letters.ts';
import { createMessages } from './messages.ts';
import { createEmbeddedQueue } from './queue.ts';
import { createWaitingPulls } from './waiting-pulls.ts';

/** The ports of the queues in the database. */
export interface EmbeddedQueues {
  queue: Queue;
  consumer: Consumer;
  deadLetters: DeadLetters;
  /** Ends the pulls that wait. The database stays open. */
  close(): void;
}

export function createEmbeddedQueues(database: Database): EmbeddedQueues {
  const messages = createMessages(database);
  const pulls = createWaitingPulls(database, messages);
  return {
    queue: limitedQueue(createEmbeddedQueue(messages, pulls)),
    consumer: createEmbeddedConsumer(messages, pulls),
    deadLetters: createEmbeddedDeadLetters(messages),
    close: pulls.close,
  };
}
