import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BucketRecord } from './bucket-record.ts';
import type { Buckets } from './buckets.ts';
import { readJsonFolder, writeJson } from './json-file.ts';
import { objectKey } from './names.ts';
import type { ObjectRecord } from './object-record.ts';

/** Everything about one object name, kept in memory and written through to one file a name. */
export class ObjectRecords {
  readonly #folder: string;
  readonly #buckets: Buckets;
  readonly #records = new Map<string, ObjectRecord>();

  /** @param folder Holds a folder for each bucket. */
  constructor(folder: string, buckets: Buckets) {
    this.#folder = folder;
    this.#buckets = buckets;
  }

  all(): ObjectRecord[] {
    return [...this.#records.values()];
  }

  find(bucket: string, name: string): ObjectRecord | undefined {
    return this.#records.get(`${bucket}/${name}`);
  }

  /** Records of a bucket in the order of their names, beginning with `start`. Throws a 404 without the bucket. */
  *from(bucket: string, start: string, which: 'names' | 'softDeletedNames'): Generator<ObjectRecord> {
    for (const name of this.#buckets.get(bucket)[which].from(start)) {
      const record = this.find(bucket, name);
      if (record) yield record;
    }
  }

  async save(record: ObjectRecord): Promise<void> {
    const path = join(this.#objectsFolder(record.bucket), `${objectKey(record.name)}.json`);
    const { exists, isSoftDeleted } = contentOf(record);
    if (exists || isSoftDeleted || record.outbox.length > 0) await writeJson(path, record);
    else await rm(path, { force: true });
    this.#remember(record);
  }

  /** Reads a bucket and its records from the folder. */
  async load(bucket: string): Promise<void> {
    const [file] = await readJsonFolder<BucketRecord>(join(this.#folder, bucket));
    if (file) this.#buckets.add(file.value);
    for (const { value: record } of await readJsonFolder<ObjectRecord>(this.#objectsFolder(bucket))) {
      // A deleted bucket has only notifications left.
      const { name, outbox } = record;
      this.#remember(file ? record : { bucket, name, noncurrent: [], outbox });
    }
  }

  #remember(record: ObjectRecord): void {
    const { bucket, name, outbox } = record;
    const { exists, isSoftDeleted } = contentOf(record);
    if (exists || isSoftDeleted || outbox.length > 0) this.#records.set(`${bucket}/${name}`, record);
    else this.#records.delete(`${bucket}/${name}`);
    const known = this.#buckets.find(bucket);
    known?.names[exists ? 'add' : 'remove'](name);
    known?.softDeletedNames[isSoftDeleted ? 'add' : 'remove'](name);
  }

  #objectsFolder = (bucket: string): string => join(this.#folder, bucket, 'objects');
}

function contentOf({ live, noncurrent, softDeleted = [] }: ObjectRecord) {
  return { exists: live !== undefined || noncurrent.length > 0, isSoftDeleted: softDeleted.length > 0 };
}
