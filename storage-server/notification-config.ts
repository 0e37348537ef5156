import { z } from 'zod';
import { parsed } from './request-values.ts';

const eventTypes = ['OBJECT_FINALIZE', 'OBJECT_DELETE', 'OBJECT_ARCHIVE', 'OBJECT_METADATA_UPDATE'] as const;
export type EventType = (typeof eventTypes)[number];

const topicForm = /^\/\/pubsub\.googleapis\.com\/(projects\/[^/]+\/topics\/[^/]+)$/;

const configSchema = z.object({
  topic: z.string().regex(topicForm),
  payload_format: z.enum(['JSON_API_V1', 'NONE']),
  event_types: z.array(z.enum(eventTypes)).default([]),
  object_name_prefix: z.string().default(''),
  custom_attributes: z.record(z.string(), z.string()).default({}),
});

/** One entry of a bucket's `notificationConfigs`. An empty list of event types means all of them. */
export type NotificationConfig = z.infer<typeof configSchema> & { id: string };

/** Parses the body of a `notificationConfigs` insert. Throws a 400 that names what is wrong. */
export function parseNotificationConfig(body: unknown, id: string): NotificationConfig {
  return { ...parsed(configSchema, body), id };
}

/** `projects/<project>/topics/<topic>` of a configuration. */
export const topicOf = (config: NotificationConfig): string =>
  topicForm.exec(config.topic)?.[1] ?? config.topic;

/** The resource that the API shows for a configuration. */
export function notificationResource(bucket: string, config: NotificationConfig, baseUrl: string) {
  const { event_types, object_name_prefix, custom_attributes, ...rest } = config;
  return {
    kind: 'storage#notification',
    selfLink: `${baseUrl}/storage/v1/b/${bucket}/notificationConfigs/${config.id}`,
    etag: config.id,
    ...rest,
    ...(event_types.length > 0 ? { event_types } : {}),
    ...(object_name_prefix ? { object_name_prefix } : {}),
    ...(Object.keys(custom_attributes).length > 0 ? { custom_attributes } : {}),
  };
}
