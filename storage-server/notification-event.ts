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
    },
  };
}
