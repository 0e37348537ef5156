import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BucketRecord } from './bucket-record.ts';
import { bucketNotFound, StorageError } from './errors.ts';

/** The buckets: few, so that all are kept in memory, and written through to the database. */
export class Buckets {
  readonly #records = new Map<string, BucketRecord>();
  readonly #write: StatementSync;
  readonly #remove: StatementSync;
  readonly #hasObjects: StatementSync;

  constructor(database: DatabaseSync) {
    for (const { record } of database.prepare('SELECT record FROM buckets').all()) {
      const bucket = JSON.parse(String(record)) as BucketRecord;
      this.#records.set(bucket.name, bucket);
    }
    this.#write = database.prepare('INSERT OR REPLACE INTO buckets VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM buckets WHERE name = ?');
    this.#hasObjects = database.prepare('SELECT 1 FROM objects WHERE bucket = ? AND isReadable = 1 LIMIT 1');
  }

  names(): string[] {
    return [...this.#records.keys()].sort();
  }

  find(name: string): BucketRecord | undefined {
    return this.#records.get(name);
  }

  /** Throws a 404. */
  get(name: string): BucketRecord {
    const record = this.#records.get(name);
    if (!record) throw bucketNotFound();
    return record;
  }

  /** Throws a 409 if the name is taken. */
  create(record: BucketRecord): void {
    if (this.#records.has(record.name)) {
      const message = 'Your previous request to create the named bucket succeeded and you already own it.';
      throw new StorageError(409, 'conflict', 'BucketAlreadyOwnedByYou', message);
    }
    this.save(record);
  }

  /** Changes a bucket's record. `change` may throw to refuse. */
  change(name: string, change: (record: BucketRecord) => BucketRecord): BucketRecord {
    const changed = change(this.get(name));
    this.save(changed);
    return changed;
  }

  save(record: BucketRecord): void {
    this.#write.run(record.name, JSON.stringify(record));
    this.#records.set(record.name, record);
  }

  /** Throws a 409 unless the bucket is empty; what was deleted in it can no longer be restored. */
  remove(name: string, check: (record: BucketRecord) => void): void {
    check(this.get(name));
    if (this.#hasObjects.get(name)) {
      const message = 'The bucket you tried to delete is not empty.';
      throw new StorageError(409, 'conflict', 'BucketNotEmpty', message);
    }
    this.#remove.run(name);
    this.#records.delete(name);
  }
}
