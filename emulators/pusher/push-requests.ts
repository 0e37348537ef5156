import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PushRequest } from '@spillway/pipeline/push/pusher.ts';
import { z } from 'zod';

/** What is known of a message that is to be pushed. */
export interface ReceivedMessage {
  data: Buffer;
  attributes: Record<string, string>;
  messageId: string;
  publishTime: Date;
  /** Null where the subscription has no dead letter topic. */
  deliveryAttempt: number | null;
}

/** How a subscription's messages are sent. */
export const pushForms = ['wrapped', 'eventarc'] as const;
export type PushForm = (typeof pushForms)[number];

/** Of all of Google's pushes. */
const sender = {
  from: 'noreply@google.com',
  'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
};

/** @param subscription Its full name: `projects/…/subscriptions/…`. */
export function pushRequest(form: PushForm, message: ReceivedMessage, subscription: string): PushRequest {
  switch (form) {
    case 'wrapped':
      return wrapped(message, subscription);
    case 'eventarc':
      return eventarcRequest(message);
    default:
      return form satisfies never;
  }
}

/** @see https://cloud.google.com/pubsub/docs/push#receive_push */
function wrapped(message: ReceivedMessage, subscription: string): PushRequest {
  const { data, attributes, messageId, publishTime, deliveryAttempt } = message;
  const published = publishTime.toISOString();
  const body = JSON.stringify({
    ...(deliveryAttempt === null ? {} : { deliveryAttempt }),
    message: {
      ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
      data: data.toString('base64'),
      messageId,
      message_id: messageId,
      publishTime: published,
      publish_time: published,
    },
    subscription,
  });
  return { headers: { ...sender, 'content-type': 'application/json' }, body };
}

/**
 * The shape of an upload's event: every header and every field that Eventarc sends, for one object. It follows
 * https://github.com/googleapis/google-cloudevents/tree/main/proto/google/events/cloud and
 * https://cloud.google.com/eventarc/standard/docs/cloudevents, since nothing has run on Google Cloud yet.
 */
export const recordedEvent = z
  .object({ headers: z.record(z.string(), z.string()), body: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(readFileSync(new URL('eventarc-event.json', import.meta.url), 'utf8')));

const cloudEventTypes: Record<string, string> = {
  OBJECT_FINALIZE: 'google.cloud.storage.object.v1.finalized',
  OBJECT_DELETE: 'google.cloud.storage.object.v1.deleted',
  OBJECT_ARCHIVE: 'google.cloud.storage.object.v1.archived',
  OBJECT_METADATA_UPDATE: 'google.cloud.storage.object.v1.metadataUpdated',
};

/** Eventarc's request for a bucket's notification: a CloudEvent in binary mode, with the headers of the recorded event. */
function eventarcRequest({ data, attributes, messageId, publishTime }: ReceivedMessage): PushRequest {
  const { bucketId = '', objectId = '', eventType = '', eventTime } = attributes;
  const ofThisEvent: Record<string, string> = {
    'ce-id': messageId,
    'ce-type': cloudEventTypes[eventType] ?? eventType,
    'ce-source': `//storage.googleapis.com/projects/_/buckets/${bucketId}`,
    'ce-subject': `objects/${objectId}`,
    'ce-bucket': bucketId,
    'ce-time': eventTime ?? publishTime.toISOString(),
    traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
  };
  const headers = { ...recordedEvent.headers, ...ofThisEvent };
  return { headers: inAscii(headers), body: data.toString('utf8') };
}

/**
 * Other characters than printable ASCII are percent-encoded in a header.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
 */
function inAscii(headers: Record<string, string>): Record<string, string> {
  const encode = (value: string) =>
    value.replace(/[^\x21\x23\x24\x26-\x7e]/gu, (char) => encodeURIComponent(char));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, name.startsWith('ce-') ? encode(value) : value]),
  );
}
