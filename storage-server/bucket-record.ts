import { z } from 'zod';
import { refuseBucketSettings } from './fields-not-done.ts';
import type { NotificationConfig } from './notification-config.ts';
import { parsed } from './request-values.ts';
import { type SoftDeletePolicy, softDeletePolicy } from './soft-delete.ts';

const texts = z.array(z.string()).optional();

/** One rule of a bucket's CORS configuration; `maxAgeSeconds` is how long a browser may keep a preflight's answer. */
const corsRuleSchema = z.looseObject({
  origin: texts,
  method: texts,
  responseHeader: texts,
  maxAgeSeconds: z.number().optional(),
});
export type CorsRule = z.infer<typeof corsRuleSchema>;

/** The settings that have an effect or are merged. */
const settingsSchema = z.looseObject({
  cors: z.array(corsRuleSchema).optional(),
  labels: z.record(z.string(), z.unknown()).optional(),
  versioning: z.looseObject({ enabled: z.boolean().optional() }).optional(),
});

/** A managed folder. In the cloud it has permissions of its own; a local server has none. Its name ends with a slash. */
export interface ManagedFolder {
  name: string;
  metageneration: number;
  createTime: string;
  updateTime: string;
}

/** A bucket as it is kept on disk. */
export interface BucketRecord {
  name: string;
  metageneration: number;
  timeCreated: string;
  updated: string;
  /** The API stores and shows these settings unchanged. `cors` and `versioning` also have an effect. */
  settings: Record<string, unknown>;
  notificationConfigs: NotificationConfig[];
  /** Identifiers of notification configurations are not used twice. */
  nextNotificationId: number;
  /** In the order of their names; absent where there never was one. */
  managedFolders?: ManagedFolder[];
}

const readOnly = new Set([
  ...['kind', 'id', 'name', 'selfLink', 'projectNumber', 'metageneration', 'etag', 'timeCreated', 'updated'],
  ...['acl', 'defaultObjectAcl', 'owner'],
]);

/**
 * Applies a JSON merge patch to the settings: null removes; labels are merged key by key. Throws a 400 or a 501.
 * @param time When the change is made.
 */
export function patchedSettings(
  settings: Record<string, unknown>,
  patch: Record<string, unknown>,
  time: string,
) {
  refuseBucketSettings(patch);
  const patched = { ...settings };
  for (const [key, value] of Object.entries(patch)) {
    if (readOnly.has(key)) continue;
    if (key === 'softDeletePolicy') patched[key] = softDeletePolicy(value ?? undefined, time);
    else if (value === null) delete patched[key];
    else if (key === 'labels') patched[key] = mergedLabels(patched[key], value);
    else patched[key] = value;
  }
  return parsed(settingsSchema, patched);
}

function mergedLabels(before: unknown, patch: unknown): unknown {
  // The schema refuses a value that is not an object.
  if (typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const merged = {
    ...(before as Record<string, unknown> | undefined),
    ...(patch as Record<string, unknown>),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/** The settings of a new bucket. */
export const newSettings = (given: Record<string, unknown>, time: string) =>
  patchedSettings({ softDeletePolicy: softDeletePolicy(undefined, time) }, given, time);

/** The bucket resource of the JSON API. */
export function bucketResource(bucket: BucketRecord, baseUrl: string): Record<string, unknown> {
  return {
    kind: 'storage#bucket',
    id: bucket.name,
    name: bucket.name,
    selfLink: `${baseUrl}/storage/v1/b/${bucket.name}`,
    projectNumber: '0',
    storageClass: 'STANDARD',
    iamConfiguration: { uniformBucketLevelAccess: { enabled: true } },
    ...bucket.settings,
    ...placeOf(bucket.settings.location),
    metageneration: String(bucket.metageneration),
    etag: Buffer.from(String(bucket.metageneration)).toString('base64'),
    timeCreated: bucket.timeCreated,
    updated: bucket.updated,
  };
}

/**
 * A bucket's location in the form that the API shows: in capitals, whatever was asked for.
 * @see https://cloud.google.com/storage/docs/locations
 */
function placeOf(asked: unknown): { location: string; locationType: string } {
  const location = typeof asked === 'string' ? asked.toUpperCase() : 'US';
  if (['ASIA', 'EU', 'US'].includes(location)) return { location, locationType: 'multi-region' };
  // US-CENTRAL1 is a region, NAM4 a pair of them.
  return { location, locationType: location.includes('-') ? 'region' : 'dual-region' };
}

export const corsRules = (bucket: BucketRecord): CorsRule[] =>
  (bucket.settings.cors as CorsRule[] | undefined) ?? [];

export const isVersioned = (bucket: BucketRecord): boolean =>
  (bucket.settings.versioning as { enabled?: boolean } | undefined)?.enabled === true;

/** Absent for buckets that an earlier version of this server made. */
export const softDeletePolicyOf = (bucket: BucketRecord): SoftDeletePolicy | undefined =>
  bucket.settings.softDeletePolicy as SoftDeletePolicy | undefined;
