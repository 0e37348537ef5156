import { randomUUID } from 'node:crypto';
import { createReadStream, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, open, opendir, rm, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { type Checksums, openChecksums } from './checksums.ts';
import type { TakeSpace } from './disk-space.ts';
import type { Durability } from './durability.ts';
import type { ObjectVersion } from './object-version.ts';

/** Objects of at most this size are in the database, without a file of their own: receipts, captions, reports. Bytes. */
const smallest = 16 * 1024;
/** What arrives is held in memory up to this size, and written as it comes beyond it. Bytes. */
const mostHeld = 256 * 1024;

/** Bytes that have arrived completely and belong to no object yet. */
export interface Staged {
  /** The name that they will have. */
  blob: string;
  checksums: Checksums;
  from: { bytes: Buffer } | { path: string };
}

/** What a read gives: all bytes, or those from `start` to `end`, both included. */
export interface BytesWanted {
  start: number;
  end: number;
}

/** The bytes of objects: small ones in the database, each other in a file that is never changed. */
export class ObjectBytes {
  readonly #folder: string;
  readonly #durability: Durability;
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  readonly #remove: StatementSync;

  constructor(folder: string, database: DatabaseSync, durability: Durability) {
    this.#folder = folder;
    this.#durability = durability;
    this.#read = database.prepare('SELECT content FROM bytes WHERE blob = ?');
    this.#write = database.prepare('INSERT INTO bytes VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM bytes WHERE blob = ?');
  }

  /** Makes the folders, and removes what had arrived in part when the last process ended. */
  async prepare(): Promise<void> {
    await rm(this.#incoming, { recursive: true, force: true });
    for (const folder of [this.#incoming, join(this.#folder, 'blobs')])
      await mkdir(folder, { recursive: true });
  }

  /**
   * Receives bytes. After a failure nothing of them is left.
   * @param take Told of the bytes before they are written; it may throw.
   */
  async receive(source: AsyncIterable<Uint8Array>, take: TakeSpace): Promise<Staged> {
    const blob = newBlobName();
    const checksums = await openChecksums();
    const held: Uint8Array[] = [];
    const incoming = source[Symbol.asyncIterator]();
    for (let size = 0; size <= mostHeld; ) {
      const { value, done } = await incoming.next();
      if (done) return { blob, checksums: checksums.end(), from: { bytes: Buffer.concat(held) } };
      take(value.length);
      checksums.update(value);
      held.push(value);
      size += value.length;
    }
    return this.#receiveLarge(blob, checksums, held, incoming, take);
  }

  async #receiveLarge(
    blob: string,
    checksums: Awaited<ReturnType<typeof openChecksums>>,
    held: Uint8Array[],
    rest: AsyncIterator<Uint8Array>,
    take: TakeSpace,
  ): Promise<Staged> {
    const path = this.#incomingPath(blob);
    const file = await open(path, 'wx');
    try {
      for (const chunk of held) await file.writeFile(chunk);
      for (let next = await rest.next(); !next.done; next = await rest.next()) {
        take(next.value.length);
        checksums.update(next.value);
        await file.writeFile(next.value);
      }
      await file.close();
      return { blob, checksums: checksums.end(), from: { path } };
    } catch (error) {
      await file.close();
      await unlink(path);
      throw error;
    }
  }

  /** Puts what is not small into a file, and that onto the disk where it has to be there before an object takes it. */
  async settle(staged: Staged): Promise<Staged> {
    const { blob, from } = staged;
    if ('bytes' in from && from.bytes.length <= smallest) return staged;
    const path = 'path' in from ? from.path : this.#incomingPath(blob);
    // Within the call: a file of this size costs less so than on another thread.
    if ('bytes' in from) writeFileSync(path, from.bytes, { flag: 'wx' });
    await this.#durability.ofFile(path);
    return { ...staged, from: { path } };
  }

  /**
   * Gives settled bytes their place. Part of the transaction in which an object takes them. A file appears whole or not at
   * all, also where the process is killed.
   */
  keep({ blob, from }: Staged): void {
    if ('path' in from) renameSync(from.path, this.pathOf(blob));
    else this.#write.run(blob, from.bytes);
  }

  /** Removes what was staged, settled or not, and taken by no object. */
  async discard({ blob, from }: Staged): Promise<void> {
    await rm('path' in from ? from.path : this.#incomingPath(blob), { force: true });
    await this.removeFile(blob);
  }

  /**
   * Bytes that can be read to their end, whatever becomes of their object meanwhile: all at once where they are few.
   * Null where they are gone.
   */
  async open(
    { blob, size }: Pick<ObjectVersion, 'blob' | 'size'>,
    wanted?: BytesWanted,
  ): Promise<Buffer | Readable | null> {
    const row = size <= smallest ? this.#read.get(blob) : undefined;
    if (row) return part(Buffer.from(row.content as Uint8Array), wanted);
    try {
      if (size <= mostHeld) return part(readFileSync(this.pathOf(blob)), wanted);
    } catch {
      return null;
    }
    const bytes = createReadStream(this.pathOf(blob), wanted);
    return new Promise((resolve) => {
      bytes.once('open', () => resolve(bytes));
      bytes.once('error', () => resolve(null));
    });
  }

  /** The row of bytes in the database. Part of the transaction that ends their object. */
  forget(blob: string): void {
    this.#remove.run(blob);
  }

  /** The file of bytes that `forget` has taken out of the database, where they have one. */
  async removeFile(blob: string): Promise<void> {
    await rm(this.pathOf(blob), { force: true });
  }

  /**
   * Removes files that no object has: a process that is killed between two steps may leave one.
   * @param isUsed Whether an object has the bytes.
   * @param before Younger files stay: their objects may come. Milliseconds since 1970.
   */
  async removeUnused(isUsed: (blob: string) => boolean, before: number): Promise<void> {
    for await (const { name } of await opendir(join(this.#folder, 'blobs'))) {
      if (isUsed(name)) continue;
      const file = await stat(this.pathOf(name)).catch(() => null);
      if (file && file.mtimeMs < before) await this.removeFile(name);
    }
  }

  pathOf = (blob: string): string => join(this.#folder, 'blobs', basename(blob));

  #incomingPath(blob: string): string {
    return join(this.#incoming, blob);
  }

  get #incoming(): string {
    return join(this.#folder, 'incoming');
  }
}

const part = (bytes: Buffer, wanted: BytesWanted | undefined): Buffer =>
  wanted ? bytes.subarray(wanted.start, wanted.end + 1) : bytes;

/** Later names are greater, so that the newest rows of the database lie together. */
function newBlobName(): string {
  return `${Date.now().toString(36)}-${randomUUID()}`;
}
