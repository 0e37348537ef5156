import { openDatabase } from '../database.ts';
import { createMessages } from '../messages.ts';
import type { Subscription } from '../subscriptions.ts';
import { createWaitingPulls } from '../waiting-pulls.ts';

/**
 * A process of its own that takes messages and tells its parent of each. With `acknowledge` it takes until its parent
 * ends it; without, it holds the first message and waits to be killed.
 */
const [path = '', subscription = '', then] = process.argv.slice(2);
const database = await openDatabase(path);
const messages = createMessages(database);
const pulls = createWaitingPulls(database, messages);
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });

for (;;) {
  const taken = await pulls.pull(JSON.parse(subscription) as Subscription, 2, 60_000);
  for (const { data, ackId } of taken) {
    process.send?.({ data });
    if (then === 'acknowledge') await messages.acknowledge(ackId);
  }
}
