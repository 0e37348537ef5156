import type { Log } from '../ports/ports.ts';
import type { JobEventsConfig } from '../push/job-events-config.ts';
import { Pusher, type PushRequest } from '../push/pusher.ts';
import { openDatabase } from './database.ts';
import { createMessages, type TakenMessage } from './messages.ts';
import { pushSource } from './push-source.ts';
import { subscriptions } from './subscriptions.ts';
import { createWaitingPulls } from './waiting-pulls.ts';

/** Requests at a time. They are often taken by one small program. */
const mostAtOnce = 8;
/** The longest that one may take, in milliseconds. */
const answerWithinMs = 30_000;

/** Requests that are under way when this stops are cut off, and their events come again. */
export interface JobEventsPush {
  stop(): Promise<void>;
}

/**
 * Pushes the ends of jobs to the configured address, as CloudEvents in binary mode, until each is answered with success.
 * Null where no address is configured.
 * @param path The database's file, on which this has a connection of its own.
 * @throws DatabaseError and OutageError, as `openDatabase` does.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 */
export async function startJobEvents(
  path: string,
  { SPILLWAY_JOB_EVENTS_URL: url, SPILLWAY_JOB_EVENTS_TOKEN: token }: JobEventsConfig,
  log: Log,
): Promise<JobEventsPush | null> {
  if (url === undefined) return null;
  const database = await openDatabase(path);
  const messages = createMessages(database);
  const pulls = createWaitingPulls(database, messages);
  const credentials: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const pusher = new Pusher({
    name: subscriptions.events.name,
    source: pushSource(subscriptions.events, { messages, pulls }, jobEventRequest),
    send: (request, signal) => post(url, credentials, request, signal),
    deadlineMs: answerWithinMs,
    mostAtOnce,
    log: (line) => log.warn({}, line),
  });
  void pusher.run();
  // The path of such an address is often a secret.
  log.info({ origin: new URL(url).origin }, 'The ends of jobs are pushed to the configured address.');
  return {
    async stop() {
      await pusher.stop();
      pulls.close();
      database.close();
    },
  };
}

/** The attributes have the names of the headers. */
function jobEventRequest({ attributes, data }: TakenMessage): PushRequest {
  const { 'ce-traceparent': traceparent } = attributes;
  return {
    headers: {
      ...attributes,
      'user-agent': 'Spillway',
      ...(traceparent === undefined ? {} : { traceparent }),
    },
    body: data,
  };
}

async function post(
  url: string,
  credentials: Record<string, string>,
  { headers, body }: PushRequest,
  signal: AbortSignal,
): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, ...credentials },
    body,
    signal,
    // The credentials are for this address alone.
    redirect: 'manual',
  });
  await answer.body?.cancel();
  return answer.status;
}
