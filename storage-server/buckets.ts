import { mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BucketRecord } from './bucket-record.ts';
import { bucketNotFound, StorageError } from './errors.ts';
import { writeJson } from './json-file.ts';
import { KeyedLock } from './keyed-lock.ts';
import { SortedNames } from './sorted-names.ts';

/**
 * A bucket in memory: its record, the names of its objects and of those that can be restored, and how many changes of
 * objects are under way.
 */
export interface Bucket {
  record: BucketRecord;
  names: SortedNames;
  softDeletedNames: SortedNames;
  changesUnderWay: number;
}

/** The buckets, each a folder with its record in `bucket.json`. */
export class Buckets {
  readonly #folder: string;
  readonly #buckets = new Map<string, Bucket>();
  readonly #locks = new KeyedLock();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Adds a record that was read from disk. */
  add(record: BucketRecord): void {
    this.#buckets.set(record.name, {
      record,
      names: new SortedNames(),
      softDeletedNames: new SortedNames(),
      changesUnderWay: 0,
    });
  }

  names(): string[] {
    return [...this.#buckets.keys()].sort();
  }

  find(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  /** Throws a 404. */
  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw bucketNotFound();
    return bucket;
  }

  /** Throws a 409 if the name is taken. */
  async create(record: BucketRecord): Promise<void> {
    await this.#locks.run(record.name, async () => {
      if (this.#buckets.has(record.name)) {
        const message = 'Your previous request to create the named bucket succeeded and you already own it.';
        throw new StorageError(409, 'conflict', 'BucketAlreadyOwnedByYou', message);
      }
      await mkdir(join(this.#folder, record.name, 'objects'), { recursive: true });
      await writeJson(this.#file(record.name), record);
      this.add(record);
    });
  }

  /** Changes a bucket's record under the bucket's lock. `change` may throw to refuse. */
  async change(name: string, change: (record: BucketRecord) => BucketRecord): Promise<BucketRecord> {
    return this.#locks.run(name, async () => {
      const bucket = this.get(name);
      const changed = change(bucket.record);
      await writeJson(this.#file(name), changed);
      bucket.record = changed;
      return changed;
    });
  }

  /** Throws a 409 unless the bucket is empty; what was deleted in it can no longer be restored. Its folder stays, because notifications may still wait in it. */
  async remove(name: string, check: (record: BucketRecord) => void): Promise<void> {
    await this.#locks.run(name, async () => {
      const bucket = this.get(name);
      check(bucket.record);
      if (bucket.changesUnderWay > 0 || !bucket.names.from('').next().done) {
        throw new StorageError(
          409,
          'conflict',
          'BucketNotEmpty',
          'The bucket you tried to delete is not empty.',
        );
      }
      // Removed from memory first, so that no object can be put into it any more.
      this.#buckets.delete(name);
      await unlink(this.#file(name));
    });
  }

  #file = (name: string): string => join(this.#folder, name, 'bucket.json');
}
