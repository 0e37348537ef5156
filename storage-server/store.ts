import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BucketRecord, isVersioned, softDeletePolicyOf } from './bucket-record.ts';
import { Buckets } from './buckets.ts';
import { type Checksums, checksumsOfFile } from './checksums.ts';
import { objectNotFound } from './errors.ts';
import { GenerationClock } from './generation-clock.ts';
import { KeyedLock } from './keyed-lock.ts';
import { notificationsFor, type ObjectChange, type StorageNotification } from './notification-event.ts';
import {
  everyVersionOf,
  type ObjectRecord,
  type Retirement,
  retireLive,
  versionsOf,
} from './object-record.ts';
import { ObjectRecords } from './object-records.ts';
import type { ObjectFields, ObjectVersion } from './object-version.ts';
import type { Outbox } from './outbox.ts';
import { checkBeforeWrite, type Preconditions } from './preconditions.ts';
import { isRestorable, type SoftDeletedVersion, softDeleted } from './soft-delete.ts';

/** Bytes that have arrived completely and are not committed yet. */
interface Staged {
  path: string;
  checksums: Checksums;
}

type Change<T> = { next: Partial<ObjectRecord>; changes: ObjectChange[]; ended: ObjectVersion[]; result: T };

/** Buckets and objects, kept in memory and written through to a folder. */
export class Store {
  /** Start of the links in resources without a request, such as those of notifications. */
  publicUrl = '';
  readonly now: () => number;
  readonly buckets: Buckets;
  readonly #folder: string;
  readonly #outbox: Outbox | undefined;
  readonly #clock: GenerationClock;
  readonly #locks = new KeyedLock();
  readonly #records: ObjectRecords;

  private constructor(folder: string, now: () => number, outbox: Outbox | undefined) {
    this.#folder = folder;
    this.now = now;
    this.#outbox = outbox;
    this.#clock = new GenerationClock(now);
    this.buckets = new Buckets(join(folder, 'buckets'));
    this.#records = new ObjectRecords(join(folder, 'buckets'), this.buckets);
  }

  /** Opens a folder, creates it if absent, and removes what a crash left unfinished. */
  static async open(folder: string, now: () => number, outbox: Outbox | undefined): Promise<Store> {
    const store = new Store(folder, now, outbox);
    await rm(join(folder, 'incoming'), { recursive: true, force: true });
    for (const part of ['buckets', 'blobs', 'incoming']) await mkdir(join(folder, part), { recursive: true });
    for (const name of await readdir(join(folder, 'buckets'))) await store.#records.load(name);
    for (const version of store.#records.all().flatMap(everyVersionOf)) store.#clock.seen(version.generation);
    await store.removeExpired();
    await store.#removeUnusedBlobs();
    return store;
  }

  /** Publishes the notifications again that the last process had not marked as published. */
  resumeNotifications(): void {
    for (const record of this.#records.all()) this.#announce(record, record.outbox);
  }

  timestamp = (): string => new Date(this.now()).toISOString();

  /** The live version, or the one of a generation; undefined if there is none. Throws a 404 without the bucket. */
  find(bucket: string, name: string, generation?: string | null): ObjectVersion | undefined {
    this.buckets.get(bucket);
    const record = this.#records.find(bucket, name);
    if (!generation) return record?.live;
    return versionsOf(record).find((version) => version.generation === generation);
  }

  /** As `find`, but throws a 404 if there is none. */
  get(bucket: string, name: string, generation?: string | null): ObjectVersion {
    const found = this.find(bucket, name, generation);
    if (!found) throw objectNotFound(bucket, name);
    return found;
  }

  /** A version that can be restored. Throws a 404. */
  getSoftDeleted(bucket: string, name: string, generation: string): SoftDeletedVersion {
    this.buckets.get(bucket);
    const found = this.#records
      .find(bucket, name)
      ?.softDeleted?.find((version) => version.generation === generation);
    if (!found || !isRestorable(found, this.now())) throw objectNotFound(bucket, name);
    return found;
  }

  /** Records of a bucket in the order of their names, beginning with `start`. */
  records(bucket: string, start: string): Generator<ObjectRecord> {
    return this.#records.from(bucket, start, 'names');
  }

  /** The same, of names with versions that can be restored. */
  softDeletedRecords(bucket: string, start: string): Generator<ObjectRecord> {
    return this.#records.from(bucket, start, 'softDeletedNames');
  }

  /** Whether bytes that were staged under this name became an object that still exists. */
  versionWithBlob(bucket: string, name: string, blob: string): ObjectVersion | undefined {
    return versionsOf(this.#records.find(bucket, name)).find((version) => version.blob === blob);
  }

  blobPath = (version: { blob: string }): string => join(this.#folder, 'blobs', version.blob);

  /** Receives bytes into a file that `put` may turn into an object. After a failure the file is removed. */
  async stage(source: AsyncIterable<Uint8Array>): Promise<Staged> {
    const path = join(this.#folder, 'incoming', randomUUID());
    const file = await open(path, 'wx');
    try {
      for await (const chunk of source) await file.writeFile(chunk);
      await file.close();
      return { path, checksums: await checksumsOfFile(path) };
    } catch (error) {
      await file.close();
      await unlink(path);
      throw error;
    }
  }

  /**
   * Makes staged bytes the live version if the conditions hold. The staged file is moved, or removed on failure.
   * `check` may refuse the bytes by their checksums. Throws a 412.
   */
  async put(
    input: {
      bucket: string;
      name: string;
      conditions: Preconditions;
      fields: ObjectFields;
      componentCount?: number;
    },
    staged: Staged,
    check: (checksums: Checksums) => void = () => undefined,
  ): Promise<ObjectVersion> {
    const { bucket, name, conditions, fields, componentCount } = input;
    try {
      check(staged.checksums);
      return await this.#change(bucket, name, async (record, time) => {
        checkBeforeWrite(conditions, record.live);
        const { md5Hash, ...checksums } = staged.checksums;
        const version: ObjectVersion = {
          generation: this.#clock.next(),
          metageneration: 1,
          blob: basename(staged.path),
          ...checksums,
          ...(componentCount === undefined ? { md5Hash } : { componentCount }),
          timeCreated: time,
          updated: time,
          fields: { ...this.#defaults(bucket), ...fields },
        };
        await rename(staged.path, this.blobPath(version));
        const retired = this.#retire(record, time, version.generation);
        const finalize = { type: 'OBJECT_FINALIZE', version, overwrote: record.live?.generation } as const;
        return {
          next: { live: version, noncurrent: retired.noncurrent },
          changes: [...retired.changes, finalize],
          ended: retired.ended,
          result: version,
        };
      });
    } finally {
      await rm(staged.path, { force: true });
    }
  }

  /** What the bucket gives to objects that say nothing of it. */
  #defaults(bucket: string): ObjectFields {
    const { storageClass } = this.buckets.get(bucket).record.settings;
    return typeof storageClass === 'string' ? { storageClass } : {};
  }

  /** Changes the fields of a version. Throws a 404 or, before `change` is called, a 412. */
  async changeFields(
    bucket: string,
    name: string,
    generation: string | null,
    conditions: Preconditions,
    change: (fields: ObjectFields) => ObjectFields,
  ): Promise<ObjectVersion> {
    return this.#change(bucket, name, async (record, time) => {
      const before = this.get(bucket, name, generation);
      checkBeforeWrite(conditions, before);
      const version: ObjectVersion = {
        ...before,
        fields: change(before.fields),
        metageneration: before.metageneration + 1,
        updated: time,
      };
      const replaced = (other: ObjectVersion) => (other.generation === version.generation ? version : other);
      const next = {
        ...(record.live ? { live: replaced(record.live) } : {}),
        noncurrent: record.noncurrent.map(replaced),
      };
      return { next, changes: [{ type: 'OBJECT_METADATA_UPDATE', version }], ended: [], result: version };
    });
  }

  /**
   * Deletes the live version, which versioning keeps as a noncurrent one. With a generation, deletes that version for
   * good. Throws a 404 or a 412.
   */
  async remove(
    bucket: string,
    name: string,
    generation: string | null,
    conditions: Preconditions,
  ): Promise<void> {
    await this.#change(bucket, name, async (record, time) => {
      const version = this.find(bucket, name, generation);
      checkBeforeWrite(conditions, version);
      if (!version) throw objectNotFound(bucket, name);
      const change = { type: 'OBJECT_DELETE', version } as const;
      if (!generation) {
        const { noncurrent, changes, ended } = this.#retire(record, time);
        return { next: { noncurrent }, changes, ended, result: undefined };
      }
      const stays = (other: ObjectVersion) => other.generation !== generation;
      const next = {
        ...(record.live && stays(record.live) ? { live: record.live } : {}),
        noncurrent: record.noncurrent.filter(stays),
      };
      return { next, changes: [change], ended: [version], result: undefined };
    });
  }

  #retire(record: ObjectRecord, time: string, overwrittenBy?: string): Retirement {
    const versioned = isVersioned(this.buckets.get(record.bucket).record);
    return retireLive(record, { versioned, time, overwrittenBy });
  }

  /** Runs one change of an object under its lock and commits it, with its notifications, by one rename. */
  async #change<T>(
    bucket: string,
    name: string,
    compute: (record: ObjectRecord, time: string) => Promise<Change<T>>,
  ): Promise<T> {
    const key = `${bucket}/${name}`;
    return this.#locks.run(key, async () => {
      const owner = this.buckets.get(bucket);
      owner.changesUnderWay += 1;
      try {
        const time = this.timestamp();
        const record = this.#records.find(bucket, name) ?? { bucket, name, noncurrent: [], outbox: [] };
        const { next, changes, ended, result } = await compute(record, time);
        const { kept, gone } = this.#afterEnd(owner.record, ended);
        const { notificationConfigs: configs } = owner.record;
        const source = { bucket, name, configs, baseUrl: this.publicUrl, time };
        const caused = this.#outbox ? notificationsFor(source, changes) : [];
        const changed: ObjectRecord = {
          bucket,
          name,
          noncurrent: record.noncurrent,
          softDeleted: [...kept, ...(record.softDeleted ?? [])],
          ...next,
          outbox: [...record.outbox, ...caused],
        };
        await this.#records.save(changed);
        for (const version of gone) await rm(this.blobPath(version), { force: true });
        this.#announce(changed, caused);
        return result;
      } finally {
        owner.changesUnderWay -= 1;
      }
    });
  }

  #announce({ bucket, name }: ObjectRecord, notifications: StorageNotification[]): void {
    for (const notification of notifications) {
      this.#outbox?.add(notification, () => this.#forget(bucket, name, notification.id));
    }
  }

  /** Removes a published notification from the disk. */
  async #forget(bucket: string, name: string, id: string): Promise<void> {
    await this.#locks.run(`${bucket}/${name}`, async () => {
      const record = this.#records.find(bucket, name);
      if (!record) return;
      await this.#records.save({ ...record, outbox: record.outbox.filter((entry) => entry.id !== id) });
    });
  }

  /** Removes for good what was deleted and is kept no longer. */
  async removeExpired(): Promise<void> {
    for (const { bucket, name, softDeleted = [] } of this.#records.all()) {
      if (softDeleted.every((version) => isRestorable(version, this.now()))) continue;
      await this.#locks.run(`${bucket}/${name}`, async () => {
        const record = this.#records.find(bucket, name);
        if (!record) return;
        const { true: kept = [], false: expired = [] } = Object.groupBy(
          record.softDeleted ?? [],
          (version) => (isRestorable(version, this.now()) ? 'true' : 'false'),
        );
        await this.#records.save({ ...record, softDeleted: kept });
        for (const version of expired) await rm(this.blobPath(version), { force: true });
      });
    }
  }

  /** Of versions that ended: those that the bucket keeps for some time, and those that are gone. */
  #afterEnd(bucket: BucketRecord, ended: ObjectVersion[]) {
    const policy = softDeletePolicyOf(bucket);
    const kept = ended.flatMap((version) => softDeleted(version, policy, this.now()) ?? []);
    return { kept, gone: kept.length > 0 ? [] : ended };
  }

  async #removeUnusedBlobs(): Promise<void> {
    const used = new Set(
      this.#records
        .all()
        .flatMap(everyVersionOf)
        .map((version) => version.blob),
    );
    for (const blob of await readdir(join(this.#folder, 'blobs'))) {
      if (!used.has(blob)) await unlink(this.blobPath({ blob }));
    }
  }
}
