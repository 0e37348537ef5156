import { invalid } from './errors.ts';
import { refuseObjectFields } from './fields-not-done.ts';

/** The fields that an uploader may set and change. */
export interface ObjectFields {
  contentType?: string;
  contentEncoding?: string;
  contentDisposition?: string;
  contentLanguage?: string;
  cacheControl?: string;
  customTime?: string;
  storageClass?: string;
  metadata?: Record<string, string>;
}

const textFields = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'contentLanguage',
  'cacheControl',
  'customTime',
  'storageClass',
] as const;

/** One generation of an object, as stored on disk. */
export interface ObjectVersion {
  generation: string;
  metageneration: number;
  /** Name of the file with its bytes. A resumable session's own id, so that a restart can tell that it had finished. */
  blob: string;
  size: number;
  crc32c: string;
  /** Absent for composed objects, as in Cloud Storage. */
  md5Hash?: string;
  componentCount?: number;
  timeCreated: string;
  updated: string;
  /** Set when it stops being live, in a bucket with versioning. */
  timeDeleted?: string;
  fields: ObjectFields;
}

type Json = Record<string, unknown>;

/** Takes the fields that an uploader may set out of an object resource. Throws a 400 where one has the wrong type, and a 501. */
export function objectFields(resource: Json): ObjectFields {
  return patchedFields({}, resource);
}

/** Applies a JSON merge patch to the fields: null removes, custom metadata is merged key by key. Throws a 400 or a 501. */
export function patchedFields(fields: ObjectFields, patch: Json): ObjectFields {
  refuseObjectFields(patch);
  const patched: ObjectFields = { ...fields };
  for (const name of textFields) {
    const value = patch[name];
    if (value === null || value === '') delete patched[name];
    else if (typeof value === 'string') patched[name] = value;
    else if (value !== undefined) throw invalid(`Invalid value for ${name}: expected a string.`);
  }
  if (patch.metadata === null) delete patched.metadata;
  else if (patch.metadata !== undefined) patched.metadata = patchedMetadata(fields.metadata, patch.metadata);
  return patched;
}

function patchedMetadata(before: Record<string, string> = {}, patch: unknown): Record<string, string> {
  if (typeof patch !== 'object' || Array.isArray(patch)) throw invalid('Invalid value for metadata.');
  const entries = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(patch as Json)) {
    if (value === null) entries.delete(key);
    else if (typeof value === 'object')
      throw invalid(`Invalid value for metadata.${key}: expected a string.`);
    else entries.set(key, String(value));
  }
  return Object.fromEntries(entries);
}

/** The entity tag of the JSON API: it changes with the generation and the metageneration. */
export const etagOf = ({
  generation,
  metageneration,
}: {
  generation: string;
  metageneration: number;
}): string => Buffer.from(`${generation}/${metageneration}`).toString('base64');

/** The object resource of the JSON API. `baseUrl` is what its links start with. */
export function objectResource(bucket: string, name: string, version: ObjectVersion, baseUrl: string): Json {
  const { generation, fields, blob: _blob, metageneration, size, ...rest } = version;
  const path = `b/${bucket}/o/${encodeURIComponent(name)}`;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: `${baseUrl}/storage/v1/${path}`,
    mediaLink: `${baseUrl}/download/storage/v1/${path}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration: String(metageneration),
    etag: etagOf(version),
    size: String(size),
    timeStorageClassUpdated: version.timeCreated,
    timeFinalized: version.timeCreated,
    storageClass: 'STANDARD',
    ...fields,
    ...rest,
  };
}
