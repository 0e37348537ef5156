import { mkdir } from 'node:fs/promises';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BucketRecord, isVersioned, softDeletePolicyOf } from './bucket-record.ts';
import { Buckets } from './buckets.ts';
import type { Checksums } from './checksums.ts';
import { DiskSpace, type SpaceLimits, type TakeSpace } from './disk-space.ts';
import { type Durability, notDurable } from './durability.ts';
import { objectNotFound, StorageError } from './errors.ts';
import { checkStorageFolder } from './folder-check.ts';
import { GenerationClock } from './generation-clock.ts';
import { notificationsFor, type ObjectChange, type StorageNotification } from './notification-event.ts';
import { type BytesWanted, ObjectBytes, type Staged } from './object-bytes.ts';
import { createTransactions, openObjectDatabase } from './object-database.ts';
import {
  everyVersionOf,
  type ObjectRecord,
  type Retirement,
  retireLive,
  versionsOf,
} from './object-record.ts';
import { ObjectRecords } from './object-records.ts';
import type { ObjectFields, ObjectVersion } from './object-version.ts';
import { readOlderFolder } from './older-folder.ts';
import type { Outbox } from './outbox.ts';
import { checkBeforeWrite, type Preconditions } from './preconditions.ts';
import { isRestorable, type SoftDeletedVersion, softDeleted } from './soft-delete.ts';

type Change<T> = {
  next: Partial<ObjectRecord>;
  changes: ObjectChange[];
  ended: ObjectVersion[];
  result: T;
  /** Bytes that the object takes with this change. */
  taken?: Staged;
};

/** A notification that is to be published, and its row in the database. */
interface WaitingNotification {
  id: number;
  notification: StorageNotification;
}

interface StoreOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Publishes notifications. Without it nobody is told of anything. */
  outbox?: Outbox | undefined;
  /** Without them everything is taken. */
  limits?: SpaceLimits | undefined;
  /** What a change waits for before it is answered. Without it a power cut may take the last moments. */
  durability?: Durability | undefined;
}

/** Buckets and objects, kept in a folder: in its database, and each larger object's bytes in a file. */
export class Store {
  /** Start of the links in resources without a request, such as those of notifications. */
  publicUrl = '';
  readonly now: () => number;
  readonly buckets: Buckets;
  readonly space: DiskSpace;
  readonly #database: DatabaseSync;
  readonly #inTransaction: ReturnType<typeof createTransactions>;
  readonly #outbox: Outbox | undefined;
  readonly #clock: GenerationClock;
  readonly #records: ObjectRecords;
  readonly #bytes: ObjectBytes;
  readonly #durability: Durability;
  readonly #statements: Record<'announce' | 'forget' | 'waiting' | 'note' | 'add' | 'fact', StatementSync>;
  #closed = false;

  private constructor(
    folder: string,
    database: DatabaseSync,
    { now, outbox, limits = { freeBytes: 0, mostBytes: null }, durability = notDurable }: StoreOptions,
  ) {
    this.now = now;
    this.#database = database;
    this.#inTransaction = createTransactions(database);
    this.#outbox = outbox;
    this.#clock = new GenerationClock(now);
    this.buckets = new Buckets(database);
    this.space = new DiskSpace(folder, limits, () => this.storedBytes());
    this.#records = new ObjectRecords(database);
    this.#durability = durability;
    this.#bytes = new ObjectBytes(folder, database, durability);
    this.#statements = {
      announce: database.prepare('INSERT INTO outbox (notification) VALUES (?) RETURNING id'),
      forget: database.prepare('DELETE FROM outbox WHERE id = ?'),
      waiting: database.prepare('SELECT id, notification FROM outbox ORDER BY id'),
      note: database.prepare('UPDATE facts SET value = ? WHERE name = ?'),
      add: database.prepare('UPDATE facts SET value = value + ? WHERE name = ?'),
      fact: database.prepare('SELECT value FROM facts WHERE name = ?'),
    };
  }

  /**
   * Opens a folder, creates it if absent, and removes what a crash left unfinished.
   * @throws StorageFolderError where the folder cannot be used as it is.
   */
  static async open(folder: string, options: StoreOptions): Promise<Store> {
    await mkdir(folder, { recursive: true });
    checkStorageFolder(folder);
    const database = openObjectDatabase(folder);
    const store = new Store(folder, database, options);
    await store.#bytes.prepare();
    if (store.#fact('olderFolderRead') === 0) await store.#takeOver(folder);
    store.#clock.seen(String(store.#fact('generation')));
    await store.removeExpired();
    const endedWell = store.#fact('isOpen') === 0;
    store.#statements.note.run(1, 'isOpen');
    if (!endedWell) void store.#removeUnusedBytes();
    return store;
  }

  /** Ends the use of the folder. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.note.run(0, 'isOpen');
    this.#database.close();
  }

  #fact(name: string): number {
    return Number(this.#statements.fact.get(name)?.value);
  }

  /** Begins to write an object into a bucket. Throws a 507 where the bytes that are announced have no room. */
  beginToTake(bucket: string, announced?: number): TakeSpace {
    return this.space.begin(this.buckets.get(bucket).notificationConfigs.length > 0, announced);
  }

  /** Bytes of all versions together, with what was deleted and can be restored. */
  storedBytes(): number {
    return this.#fact('storedBytes');
  }

  /** Takes over what an earlier version of this server kept in files, once. */
  async #takeOver(folder: string): Promise<void> {
    const { buckets, objects, remove } = await readOlderFolder(folder);
    this.#inTransaction(() => {
      for (const bucket of buckets) this.buckets.save(bucket);
      for (const { outbox, ...record } of objects) {
        this.#records.save(record);
        for (const { generation, size } of everyVersionOf(record)) {
          this.#clock.seen(generation);
          this.#statements.add.run(size, 'storedBytes');
        }
        for (const notification of outbox) this.#keep(notification);
      }
      this.#statements.note.run(Number(this.#clock.last), 'generation');
      this.#statements.note.run(1, 'olderFolderRead');
    });
    await remove();
  }

  /** Publishes the notifications again that the last process had not marked as published. */
  resumeNotifications(): void {
    for (const { id, notification } of this.#statements.waiting.all())
      this.#announce(Number(id), JSON.parse(String(notification)) as StorageNotification);
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

  /** Records of a bucket in the order of their names, beginning with `start`. Throws a 404 without the bucket. */
  records(bucket: string, start: string): Generator<ObjectRecord> {
    this.buckets.get(bucket);
    return this.#records.from(bucket, start, 'readable');
  }

  /** The same, of names with versions that can be restored. */
  softDeletedRecords(bucket: string, start: string): Generator<ObjectRecord> {
    this.buckets.get(bucket);
    return this.#records.from(bucket, start, 'kept');
  }

  /** Whether bytes that were staged under this name became an object that still exists. */
  versionWithBlob(bucket: string, name: string, blob: string): ObjectVersion | undefined {
    return versionsOf(this.#records.find(bucket, name)).find((version) => version.blob === blob);
  }

  /** The bytes of a version, or a part of them. Throws a 404 where they are gone. */
  async bytesOf(version: ObjectVersion, wanted?: BytesWanted): Promise<Buffer | Readable> {
    const bytes = await this.#bytes.open(version, wanted);
    if (bytes === null) throw new StorageError(404, 'notFound', 'NoSuchKey', 'The object is gone.');
    return bytes;
  }

  /**
   * Receives bytes that `put` may turn into an object of that bucket. After a failure nothing of them is left. Throws a 507
   * where there is no room.
   */
  async stage(bucket: string, source: AsyncIterable<Uint8Array>): Promise<Staged> {
    return this.#bytes.receive(source, this.beginToTake(bucket));
  }

  /**
   * Makes staged bytes the live version if the conditions hold; they are removed where that fails. `check` may refuse
   * the bytes by their checksums. Throws a 412.
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
      const settled = await this.#bytes.settle(staged);
      return await this.#change(bucket, name, (record, time) => {
        checkBeforeWrite(conditions, record.live);
        const { md5Hash, ...checksums } = staged.checksums;
        const version: ObjectVersion = {
          generation: this.#clock.next(),
          metageneration: 1,
          blob: staged.blob,
          ...checksums,
          ...(componentCount === undefined ? { md5Hash } : { componentCount }),
          timeCreated: time,
          updated: time,
          fields: { ...this.#defaults(bucket), ...fields },
        };
        const retired = this.#retire(record, time, version.generation);
        const finalize = { type: 'OBJECT_FINALIZE', version, overwrote: record.live?.generation } as const;
        return {
          next: { live: version, noncurrent: retired.noncurrent },
          changes: [...retired.changes, finalize],
          ended: retired.ended,
          result: version,
          taken: settled,
        };
      });
    } catch (error) {
      await this.#bytes.discard(staged);
      throw error;
    }
  }

  /** What the bucket gives to objects that say nothing of it. */
  #defaults(bucket: string): ObjectFields {
    const { storageClass } = this.buckets.get(bucket).settings;
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
    return this.#change(bucket, name, (record, time) => {
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
    await this.#change(bucket, name, (record, time) => {
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
    const versioned = isVersioned(this.buckets.get(record.bucket));
    return retireLive(record, { versioned, time, overwrittenBy });
  }

  /** Computes one change of an object, and commits it with its notifications and bytes in one step. */
  async #change<T>(
    bucket: string,
    name: string,
    compute: (record: ObjectRecord, time: string) => Change<T>,
  ): Promise<T> {
    const { gone, caused, result } = this.#inTransaction(() => this.#write(bucket, name, compute));
    await this.#durability.ofCommits();
    for (const { id, notification } of caused) this.#announce(id, notification);
    await this.#removeFiles(gone);
    return result;
  }

  #write<T>(
    bucket: string,
    name: string,
    compute: (record: ObjectRecord, time: string) => Change<T>,
  ): { gone: ObjectVersion[]; caused: WaitingNotification[]; result: T } {
    const owner = this.buckets.get(bucket);
    const time = this.timestamp();
    const record = this.#records.find(bucket, name) ?? { bucket, name, noncurrent: [] };
    const { next, changes, ended, result, taken } = compute(record, time);
    const { kept, gone } = this.#afterEnd(owner, ended);
    if (taken) {
      this.#bytes.keep(taken);
      this.#statements.add.run(taken.checksums.size, 'storedBytes');
      this.#statements.note.run(Number(this.#clock.last), 'generation');
    }
    this.#records.save({
      bucket,
      name,
      noncurrent: record.noncurrent,
      softDeleted: [...kept, ...(record.softDeleted ?? [])],
      ...next,
    });
    this.#forgetBytes(gone);
    const { notificationConfigs: configs } = owner;
    const source = { bucket, name, configs, baseUrl: this.publicUrl, time };
    const caused = this.#outbox ? notificationsFor(source, changes) : [];
    return { gone, caused: caused.map((notification) => this.#keep(notification)), result };
  }

  #keep(notification: StorageNotification): WaitingNotification {
    const row = this.#statements.announce.get(JSON.stringify(notification));
    return { id: Number(row?.id), notification };
  }

  #announce(id: number, notification: StorageNotification): void {
    this.#outbox?.add(notification, async () => {
      if (!this.#closed) this.#statements.forget.run(id);
    });
  }

  /** Removes an empty bucket, and what could be restored in it. Throws a 409 where it is not empty. */
  async removeBucket(name: string, check: (record: BucketRecord) => void): Promise<void> {
    const gone = this.#inTransaction(() => {
      this.buckets.remove(name, check);
      const kept = [...this.#records.from(name, '', 'kept')];
      for (const record of kept) this.#records.save({ bucket: name, name: record.name, noncurrent: [] });
      const versions = kept.flatMap(everyVersionOf);
      this.#forgetBytes(versions);
      return versions;
    });
    await this.#removeFiles(gone);
  }

  /** Removes for good what was deleted and is kept no longer. */
  async removeExpired(): Promise<void> {
    for (const { bucket, name } of this.#records.keptUntil(this.now())) {
      const expired = this.#inTransaction(() => {
        const record = this.#records.find(bucket, name);
        if (!record) return [];
        const { true: kept = [], false: ended = [] } = Object.groupBy(record.softDeleted ?? [], (version) =>
          isRestorable(version, this.now()) ? 'true' : 'false',
        );
        this.#records.save({ ...record, softDeleted: kept });
        this.#forgetBytes(ended);
        return ended;
      });
      await this.#removeFiles(expired);
    }
  }

  #forgetBytes(versions: ObjectVersion[]): void {
    for (const { blob, size } of versions) {
      this.#bytes.forget(blob);
      this.#statements.add.run(-size, 'storedBytes');
    }
  }

  /** Their objects are gone already: a file that cannot be removed now fails nothing. */
  async #removeFiles(versions: ObjectVersion[]): Promise<void> {
    await Promise.allSettled(versions.map(({ blob }) => this.#bytes.removeFile(blob)));
  }

  /** Of versions that ended: those that the bucket keeps for some time, and those that are gone. */
  #afterEnd(bucket: BucketRecord, ended: ObjectVersion[]) {
    const policy = softDeletePolicyOf(bucket);
    const kept = ended.flatMap((version) => softDeleted(version, policy, this.now()) ?? []);
    return { kept, gone: kept.length > 0 ? [] : ended };
  }

  /**
   * After a process that was killed: files that it had put in place for objects which were never committed, or had not
   * yet removed. Nobody waits for it.
   */
  async #removeUnusedBytes(): Promise<void> {
    const before = Date.now();
    const used = new Set<string>();
    for (const records of this.#records.pages()) {
      for (const { blob } of records.flatMap(everyVersionOf)) used.add(blob);
      await nextTurn();
      if (this.#closed) return;
    }
    // A database without any object says nothing of files.
    if (used.size === 0) return;
    await this.#bytes.removeUnused((blob) => used.has(blob), before);
  }
}
