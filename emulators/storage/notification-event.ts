import { randomUUID } from 'node:crypto';
import { type EventType, type NotificationConfig, topicOf } from './notification-config.ts';
import { type ObjectVersion, objectResource } from './object-version.ts';

/** A message that is to be published; it is kept with its object until that has happened. */
export interface StorageNotification {
  id: string;
  /** `projects/<project>/topics/<topic>` */
  topic: string;
  /** The object resource as JSON, or nothing where the configuration asks for no payload. */
  data: string;
  attributes: Record<string, string>;
}

/** What happened to one generation of an object. */
export interface ObjectChange {
  type: EventType;
  version: ObjectVersion;
  /** For a finalize: the generation that it replaced. */
  overwrote?: string | undefined;
  /** For a delete or an archive: the generation that replaced it. */
  overwrittenBy?: string | undefined;
}

const cloudEventTypes: Record<EventType, string> = {
  OBJECT_FINALIZE: 'google.cloud.storage.object.v1.finalized',
  OBJECT_DELETE: 'google.cloud.storage.object.v1.deleted',
  OBJECT_ARCHIVE: 'google.cloud.storage.object.v1.archived',
  OBJECT_METADATA_UPDATE: 'google.cloud.storage.object.v1.metadataUpdated',
};

const maxAttributeBytes = 1024;

interface Source {
  bucket: string;
  name: string;
  configs: NotificationConfig[];
  baseUrl: string;
  time: string;
}

/** The messages that the bucket's configurations ask for, one for each change and matching configuration. */
export function notificationsFor(source: Source, changes: ObjectChange[]): StorageNotification[] {
  return changes.flatMap((change) =>
    source.configs
      .filter((config) => config.event_types.length === 0 || config.event_types.includes(change.type))
      .filter((config) => source.name.startsWith(config.object_name_prefix))
      .map((config) => notification(source, change, config)),
  );
}

function notification(source: Source, change: ObjectChange, config: NotificationConfig): StorageNotification {
  const { bucket, name, baseUrl, time } = source;
  const id = randomUUID();
  const withPayload = config.payload_format === 'JSON_API_V1';
  return {
    id,
    topic: topicOf(config),
    data: withPayload ? JSON.stringify(objectResource(bucket, name, change.version, baseUrl)) : '',
    attributes: {
      ...config.custom_attributes,
      eventType: change.type,
      eventTime: time,
      bucketId: bucket,
      objectId: name,
      objectGeneration: change.version.generation,
      notificationConfig: `projects/_/buckets/${bucket}/notificationConfigs/${config.id}`,
      payloadFormat: config.payload_format,
      ...(change.overwrote ? { overwroteGeneration: change.overwrote } : {}),
      ...(change.overwrittenBy ? { overwrittenByGeneration: change.overwrittenBy } : {}),
      // What Eventarc adds on its way: with these, a push without wrapper arrives as a CloudEvent.
      'ce-id': id,
      'ce-type': cloudEventTypes[change.type],
      'ce-source': `//storage.googleapis.com/projects/_/buckets/${bucket}`,
      'ce-subject': shortened(`objects/${name}`),
      'ce-specversion': '1.0',
      'ce-time': time,
      'ce-bucket': bucket,
      'content-type': 'application/json',
    },
  };
}

/** Pub/Sub refuses longer attributes for good, so a subject that is too long is cut; the payload has the whole name. */
function shortened(subject: string): string {
  const bytes = Buffer.from(subject);
  if (bytes.length <= maxAttributeBytes) return subject;
  const cut = bytes.subarray(0, maxAttributeBytes).toString('utf8');
  return cut.replace(/\uFFFD+$/, '');
}
