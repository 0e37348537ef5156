import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BucketRecord } from './bucket-record.ts';
import { readJsonFolder } from './json-file.ts';
import type { StorageNotification } from './notification-event.ts';
import type { ObjectRecord } from './object-record.ts';

/** What a version of this server before the database kept: a file for each bucket, and one for each name of an object. */
export interface OlderFolder {
  buckets: BucketRecord[];
  objects: (ObjectRecord & { outbox: StorageNotification[] })[];
  /** Removes the files once the database has what was in them. */
  remove(): Promise<void>;
}

/** Reads such files, where there are any. The bytes of objects are where they were. */
export async function readOlderFolder(folder: string): Promise<OlderFolder> {
  const root = join(folder, 'buckets');
  const names = await readdir(root).catch(() => []);
  const older: OlderFolder = {
    buckets: [],
    objects: [],
    remove: () => rm(root, { recursive: true, force: true }),
  };
  for (const name of names) {
    const [bucket] = await readJsonFolder<BucketRecord>(join(root, name));
    if (bucket) older.buckets.push(bucket.value);
    for (const { value } of await readJsonFolder<OlderFolder['objects'][number]>(
      join(root, name, 'objects'),
    )) {
      // A deleted bucket has only notifications left.
      const { outbox } = value;
      older.objects.push(bucket ? value : { bucket: name, name: value.name, noncurrent: [], outbox });
    }
  }
  return older;
}
