import { shownText } from '@spillway/core/text.ts';
import { z } from 'zod';
import type { IncomingRequest, StorageEvent } from '../ports/consumer.ts';
import { objectResourceSchema } from './finalized-object.ts';

/** The content of an event: its type, and the object's resource as JSON. */
interface Telling {
  type: string | null;
  eventId: string;
  resource: unknown;
}

const finalizedTypes = new Set(['google.cloud.storage.object.v1.finalized', 'OBJECT_FINALIZE']);
/** Types of the other events of objects. */
const otherTypes = /^google\.cloud\.storage\.object\.v1\.\w+$|^OBJECT_[A-Z_]+$/;
const attributesSchema = z.record(z.string(), z.string()).default({});
/** A message as Pub/Sub pushes it: https://cloud.google.com/pubsub/docs/push#receive_push. */
const pushSchema = z.object({
  message: z.object({
    data: z.string(),
    attributes: attributesSchema,
    messageId: z.string().optional(),
  }),
});
const structuredSchema = z.object({
  specversion: z.string(),
  type: z.string(),
  id: z.string(),
  data: z.unknown().optional(),
  /** An alternative to `data`. */
  data_base64: z.string().optional(),
});

/**
 * Reads an event of Eventarc, a notification of the bucket, or a Pub/Sub trigger: CloudEvents in binary or structured
 * mode, and messages that are pushed with or without their wrapper.
 */
export function readStorageEvent(request: IncomingRequest): StorageEvent {
  const telling = tellingOf(request);
  const { type, eventId, resource } = telling;
  if (type !== null && !finalizedTypes.has(type)) {
    return otherTypes.test(type)
      ? { kind: 'other', type, eventId }
      : { kind: 'unreadable', problem: `It is of the type ${shownText(type, 100)}.`, eventId };
  }
  const object = objectResourceSchema.safeParse(resource);
  if (!object.success) return { kind: 'unreadable', problem: z.prettifyError(object.error), eventId };
  if (type === null && isLater(resource)) {
    return { kind: 'unreadable', problem: 'It does not say what has happened to the object.', eventId };
  }
  return { kind: 'finalized', object: object.data, eventId };
}

function tellingOf({ headers, body }: IncomingRequest): Telling {
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : null;
  };
  const push = pushSchema.safeParse(body);
  if (push.success) return ofMessage(push.data.message);
  const structured = structuredSchema.safeParse(body);
  if (structured.success) {
    const { type, id, data, data_base64: packed } = structured.data;
    return ofCloudEvent(type, id, packed === undefined ? data : jsonOf(textOf(packed)));
  }
  const type = header('ce-type');
  if (type !== null) return ofCloudEvent(type, header('ce-id') ?? '', body);
  return {
    // In a message without its wrapper, the attributes are headers.
    type: header('eventtype'),
    eventId: header('x-goog-pubsub-message-id') ?? '',
    resource: body,
  };
}

/** A trigger on a topic wraps the notification in a second envelope. */
function ofCloudEvent(type: string, eventId: string, data: unknown): Telling {
  const push = pushSchema.safeParse(data);
  if (push.success) return { ...ofMessage(push.data.message), eventId };
  return { type, eventId, resource: data };
}

function ofMessage({ data, attributes, messageId }: z.infer<typeof pushSchema>['message']): Telling {
  return {
    type: attributes.eventType ?? attributes['ce-type'] ?? null,
    eventId: attributes['ce-id'] ?? messageId ?? '',
    resource: jsonOf(textOf(data)),
  };
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** True for an object that was deleted or whose metadata changed: it was finalized before. */
function isLater(resource: unknown): boolean {
  const later = z.object({
    timeDeleted: z.string().optional(),
    metageneration: z.coerce.string().optional(),
  });
  const { data } = later.safeParse(resource);
  return data?.timeDeleted !== undefined || (data?.metageneration ?? '1') !== '1';
}
