import { z } from 'zod';
import type { Buckets } from './ports/ports.ts';
import { topicNames } from './topics.ts';

export interface BucketsToCreate {
  /** URL of the storage server. */
  storage: string;
  project: string;
  buckets: Buckets;
  /** Where pages come from that may send to the bucket of the site's uploads. */
  siteOrigins: readonly string[];
  /** Whether buckets keep deleted objects for a while, as new ones do. */
  deletion: 'as_bucket' | 'at_once';
  /** The age in days at which uploads and results are deleted; null for never. Default: the buckets' rules stay as they are. */
  keptDays?: { uploads: number | null; results: number | null };
}

/**
 * Creates missing buckets of a storage server on this machine, and the notifications that turn uploads into jobs. Pages of
 * the site's origins may send the site's uploads. No page may read or write anything else. It speaks the JSON API itself,
 * because whoever starts programs would keep Google's client in memory for these few calls.
 * @see https://cloud.google.com/storage/docs/json_api/v1
 */
export async function createBuckets(wanted: BucketsToCreate): Promise<void> {
  const { buckets, deletion, siteOrigins, keptDays } = wanted;
  const call = callerOf(wanted.storage);
  const names = Object.values(buckets);
  await Promise.all(names.map((name) => call('POST', `/b?project=${wanted.project}`, { name })));
  if (deletion === 'at_once') {
    const keepNothing = { softDeletePolicy: { retentionDurationSeconds: '0' } };
    await Promise.all(names.map((name) => call('PATCH', `/b/${name}`, keepNothing)));
  }
  if (keptDays !== undefined) {
    const { uploads, results } = keptDays;
    const days: [bucket: string, days: number | null][] = [
      [buckets.uploads, uploads],
      [buckets.webUploads, uploads],
      [buckets.results, results],
    ];
    await Promise.all(days.map(([name, age]) => call('PATCH', `/b/${name}`, deletedAt(age))));
  }
  await Promise.all([
    announceUploads(buckets.uploads, `projects/${wanted.project}/topics/${topicNames.uploads}`, call),
    announceUploads(buckets.webUploads, `projects/${wanted.project}/topics/${topicNames.webUploads}`, call),
    // At every start: the site may have moved to another port.
    call('PATCH', `/b/${buckets.webUploads}`, { cors: sendingFrom(siteOrigins) }),
  ]);
}

/** @see https://cloud.google.com/storage/docs/lifecycle */
function deletedAt(age: number | null): object {
  return { lifecycle: age === null ? null : { rule: [{ action: { type: 'Delete' }, condition: { age } }] } };
}

function sendingFrom(origin: readonly string[]): object[] {
  return [
    {
      origin,
      method: ['PUT'],
      responseHeader: ['Content-Type', 'Content-Range', 'Range', 'X-GUploader-UploadID'],
      maxAgeSeconds: 3_600,
    },
  ];
}

const notificationsSchema = z.object({
  items: z.array(z.object({ id: z.string(), topic: z.string() })).default([]),
});

/** @param topic Its full name. An earlier version told one topic of both buckets. */
async function announceUploads(bucket: string, topic: string, call: Call): Promise<void> {
  const path = `/b/${bucket}/notificationConfigs`;
  const address = `//pubsub.googleapis.com/${topic}`;
  const { items } = notificationsSchema.parse(await call('GET', path));
  if (!items.some((config) => config.topic === address)) {
    await call('POST', path, {
      topic: address,
      event_types: ['OBJECT_FINALIZE'],
      payload_format: 'JSON_API_V1',
    });
  }
  const former = items.filter((config) => config.topic !== address && isOurs(config.topic));
  for (const { id } of former) await call('DELETE', `${path}/${id}`);
}

function isOurs(address: string): boolean {
  const name = address.split('/').at(-1);
  return name === topicNames.uploads || name === topicNames.webUploads;
}

/** Resolves to the answer's JSON. What exists already is no error. */
type Call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) => Promise<unknown>;

const noContent = 204;
const exists = 409;

function callerOf(storage: string): Call {
  return async (method, path, body) => {
    const answer = await fetch(`${storage}/storage/v1${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (answer.status === noContent) return null;
    if (answer.ok || answer.status === exists) return answer.json();
    throw new Error(`The storage server refused ${method} ${path}: ${await answer.text()}`);
  };
}
