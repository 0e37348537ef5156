import type { IncomingRequest } from '../ports/consumer.ts';
import type { Log } from '../ports/ports.ts';
import { type Consuming, startConsuming } from './consuming.ts';
import { openDatabase } from './database.ts';
import { createMessages, type TakenMessage } from './messages.ts';
import { subscriptions } from './subscriptions.ts';
import { createWaitingPulls } from './waiting-pulls.ts';

export interface UploadEventsOptions {
  /** Events of each bucket that are handled at the same time: the site's uploads never stand behind integrators'. */
  atOnce: number;
  /** Resolves once the event is done with. One that rejects comes again after a pause that grows. */
  handle(request: IncomingRequest): Promise<void>;
  log: Log;
}

/**
 * Takes what the storage server tells of uploads straight out of the database, on a connection of its own. No other program
 * of a machine does so: what an earlier one held when it died comes again at once.
 * @param path The database's file.
 * @throws DatabaseError and OutageError, as `openDatabase` does.
 */
export async function startUploadEvents(path: string, options: UploadEventsOptions): Promise<Consuming> {
  const database = await openDatabase(path);
  const messages = createMessages(database);
  const pulls = createWaitingPulls(database, messages);
  const { atOnce, handle, log } = options;
  const ofBuckets = [subscriptions.webUploads, subscriptions.uploads];
  for (const subscription of ofBuckets) await messages.releaseAll(subscription);
  const consuming = ofBuckets.map((subscription) =>
    startConsuming({
      ...{ subscription, messages, pulls, atOnce, log },
      handle: (message) => handle(eventRequest(message)),
    }),
  );
  return {
    async stop() {
      await Promise.all(consuming.map((each) => each.stop()));
      pulls.close();
      database.close();
    },
  };
}

/**
 * The request in which Pub/Sub would push a bucket's notification without a wrapper.
 * @see https://cloud.google.com/pubsub/docs/payload-unwrapping
 */
export function eventRequest({ messageId, attributes, data }: TakenMessage): IncomingRequest {
  const headers = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { headers: { ...headers, 'x-goog-pubsub-message-id': messageId }, body: jsonOrText(data) };
}

function jsonOrText(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
