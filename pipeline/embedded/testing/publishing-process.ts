import { openDatabase } from '../database.ts';
import { createMessages } from '../messages.ts';
import { subscriptions } from '../subscriptions.ts';

/** A process of its own that publishes until it is killed, and tells its parent of each message that was taken. */
const database = await openDatabase(process.argv[2] ?? '');
const messages = createMessages(database);
process.on('disconnect', () => process.exit(0));

for (let index = 0; ; index++) {
  const data = String(index);
  await messages.publish(subscriptions.vm, { data, attributes: {} });
  process.send?.({ data });
  // Messages to the parent leave between two rounds of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
}
