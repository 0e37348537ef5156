import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createJsonLog } from '@spillway/pipeline/json-log.ts';
import { type ClaimedChecksums, checkClaimed, checksumsOfFile } from './checksums.ts';
import type { ContentRange } from './content-range.ts';
import { invalid, StorageError } from './errors.ts';
import { writeJson } from './json-file.ts';
import { KeyedLock } from './keyed-lock.ts';
import { checkLength, type LengthRange } from './length-range.ts';
import type { ObjectFields, ObjectVersion } from './object-version.ts';
import type { Preconditions } from './preconditions.ts';
import type { Store } from './store.ts';

/** The least size of a chunk that is not the last. What a session keeps between two requests is a multiple of this. */
const chunkQuantum = 256 * 1024;
const lifetimeMs = 7 * 24 * 3600 * 1000;
/** An uploader that has missed the last answer asks again sooner than this after the end. Milliseconds. */
const keptAfterEndMs = 24 * 3600 * 1000;

/** An id, and what follows it in the name of a record or of one that is being written. */
const ofSession = /^[\w-]{64}([.].+)?$/;

const log = createJsonLog('storage');

type Outcome =
  | { kind: 'finished'; version: ObjectVersion }
  | { kind: 'cancelled' }
  | { kind: 'refused'; status: number; reason: string; xmlCode: string; message: string };

/** An upload session, as stored on disk beside a file with the arrived bytes. Its id is a secret. */
export interface Session {
  id: string;
  api: 'json' | 'xml';
  bucket: string;
  name: string;
  fields: ObjectFields;
  conditions: Preconditions;
  claimed: ClaimedChecksums;
  /** The page that may send the bytes: the Origin of the request that began the session. */
  origin?: string;
  /** Size in bytes, if the uploader announced it. */
  total?: number;
  lengthRange?: LengthRange;
  /** Milliseconds since 1970. */
  created: number;
  outcome?: Outcome;
  /** When it came to its outcome, in milliseconds since 1970. */
  ended?: number;
}

type Received = { kind: 'incomplete'; persisted: number } | { kind: 'finished'; version: ObjectVersion };

/** One PUT. `cut` ends its connection when the client has given it up and sends another. */
interface Arrival {
  range: ContentRange;
  body: AsyncIterable<Buffer>;
  claimed: ClaimedChecksums;
  cut: () => void;
}

/** Resumable upload sessions, which outlive the process. */
export class ResumableSessions {
  readonly #folder: string;
  readonly #store: Store;
  readonly #sessions = new Map<string, Session>();
  readonly #locks = new KeyedLock();
  readonly #receiving = new Map<string, () => void>();

  private constructor(folder: string, store: Store) {
    this.#folder = folder;
    this.#store = store;
  }

  static async open(folder: string, store: Store): Promise<ResumableSessions> {
    const sessions = new ResumableSessions(folder, store);
    await mkdir(folder, { recursive: true });
    await sessions.#loadAll();
    return sessions;
  }

  /** A power cut may leave a record without its content. That session is forgotten, and its sender begins again. */
  async #loadAll(): Promise<void> {
    const files = (await readdir(this.#folder)).filter((name) => ofSession.test(name));
    for (const file of files.filter((name) => name.endsWith('.json'))) {
      const id = file.slice(0, -'.json'.length);
      const session = readRecord(this.#recordPath(id));
      if (session?.id === id) await this.#load(session);
      else log.warn({ file }, 'The record of an upload session is damaged. Its sender has to begin again.');
    }
    // Records that were half written, and bytes whose record is gone.
    for (const file of files) {
      if (!this.#sessions.has(file.replace(/[.]json$/, '')))
        await rm(join(this.#folder, file), { force: true });
    }
  }

  /** Throws a 507 where the announced bytes have no room. */
  async start(input: Omit<Session, 'id' | 'created' | 'outcome' | 'ended'>): Promise<Session> {
    this.#store.beginToTake(input.bucket, input.total);
    const session: Session = {
      ...input,
      id: randomBytes(48).toString('base64url'),
      created: this.#store.now(),
    };
    await this.#save(session);
    return session;
  }

  /** Throws a 404 for an unknown session, and a 410 for one that is a week old or ended a day ago. */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (!session) throw new StorageError(404, 'notFound', 'NoSuchUpload', 'No such upload session.');
    if (this.#isExpired(session))
      throw new StorageError(410, 'gone', 'NoSuchUpload', 'The upload session expired.');
    return session;
  }

  /** Forgets sessions that are a week old, with what had arrived, and those that ended a day ago. */
  async removeExpired(): Promise<void> {
    for (const session of [...this.#sessions.values()]) {
      if (!this.#isExpired(session)) continue;
      await this.#locks.run(session.id, () => this.#remove(session.id));
    }
  }

  async #remove(id: string): Promise<void> {
    this.#sessions.delete(id);
    await rm(this.#bytesPath(id), { force: true });
    await rm(this.#recordPath(id), { force: true });
  }

  /** Ends a session and deletes its bytes. A finished session stays finished. */
  async cancel(id: string): Promise<void> {
    this.#receiving.get(id)?.();
    await this.#locks.run(id, async () => {
      const session = this.get(id);
      if (session.outcome?.kind === 'finished') return;
      await this.#end(session, { kind: 'cancelled' });
    });
  }

  /**
   * Receives the bytes of a PUT, and finishes the upload with the last byte. Bytes that arrived before a cut are kept,
   * rounded down, and bytes that are sent twice are skipped. A finished session answers every request with its object.
   * Throws a 400 or a 412. If the bytes were complete, that ends the session.
   */
  async receive(id: string, arrival: Arrival): Promise<Received> {
    const { range } = arrival;
    const early = this.#settled(this.get(id));
    if (early) return early;
    if (range.kind === 'query' && (range.total === undefined || this.#receiving.has(id))) {
      return { kind: 'incomplete', persisted: await this.#persisted(id) };
    }
    this.#receiving.get(id)?.();
    return this.#locks.run(id, async () => {
      const session = this.get(id);
      const settled = this.#settled(session);
      if (settled) return settled;
      this.#receiving.set(id, arrival.cut);
      try {
        const { complete, persisted } = await this.#append(session, arrival);
        if (!complete) return { kind: 'incomplete', persisted: await this.#persisted(id, persisted) };
        return { kind: 'finished', version: await this.#finish(session, arrival.claimed) };
      } finally {
        this.#receiving.delete(id);
      }
    });
  }

  async #append(
    session: Session,
    { range, body }: Arrival,
  ): Promise<{ complete: boolean; persisted: number }> {
    const total = range.total ?? session.total;
    if (session.total !== undefined && session.total !== total) {
      throw invalid(`Upload size ${total} differs from the announced ${session.total} bytes.`);
    }
    const before = await this.#persisted(session.id);
    if (range.kind === 'query') {
      if (before !== total) return { complete: false, persisted: before };
      // An empty object, or an uploader that knew only after the last chunk that it was the last.
      await (await open(this.#bytesPath(session.id), 'a')).close();
      return { complete: true, persisted: before };
    }
    const { first, last } = range;
    if (first > before) {
      throw invalid(
        `Invalid request. According to the Content-Range header, the upload offset is ${first} byte(s), ` +
          `which exceeds already uploaded size of ${before} byte(s).`,
      );
    }
    const announced = last === undefined ? undefined : last - first + 1;
    const isLastChunk = last === undefined || last + 1 === total;
    // Of a chunk that is no multiple, Cloud Storage keeps the whole multiples, and says so in its Range.
    if (announced !== undefined && !isLastChunk && announced < chunkQuantum) {
      throw invalid(
        `Invalid request. The number of bytes uploaded is required to be equal or greater than ${chunkQuantum}, ` +
          `except for the final request (it's recommended to be the exact multiple of ${chunkQuantum}). ` +
          `The received request contained ${announced} bytes, which does not meet this requirement.`,
      );
    }
    const received = await this.#write(session, body, first, before, announced ?? Infinity);
    if (announced !== undefined && received !== announced) {
      throw invalid(
        `There were ${received} byte(s) in the request body. There should have been ${announced} byte(s).`,
      );
    }
    const persisted = Math.max(before, first + received);
    if (total === undefined) return { complete: last === undefined, persisted };
    if (persisted > total) throw invalid(`More than the announced ${total} bytes arrived.`);
    return { complete: persisted === total, persisted };
  }

  /** Appends the body, which begins at byte `first` of the object, to the `before` bytes that have arrived. */
  async #write(
    { id, bucket }: Session,
    body: AsyncIterable<Buffer>,
    first: number,
    before: number,
    limit: number,
  ): Promise<number> {
    const take = this.#store.beginToTake(bucket);
    const file = await open(this.#bytesPath(id), 'a+');
    let received = 0;
    try {
      await file.truncate(before);
      for await (const chunk of body) {
        const alreadyHere = Math.min(Math.max(before - first - received, 0), chunk.length);
        received += chunk.length;
        if (received > limit) throw invalid('The request body is longer than its Content-Range.');
        take(chunk.length - alreadyHere);
        await file.appendFile(chunk.subarray(alreadyHere));
      }
      return received;
    } finally {
      await file.close();
    }
  }

  async #finish(session: Session, claimed: ClaimedChecksums): Promise<ObjectVersion> {
    const path = this.#bytesPath(session.id);
    try {
      const checksums = await checksumsOfFile(path);
      checkClaimed({ ...session.claimed, ...claimed }, checksums);
      checkLength(session.lengthRange, checksums.size);
      const version = await this.#store.put(session, { blob: session.id, checksums, from: { path } });
      await this.#end(session, { kind: 'finished', version });
      return version;
    } catch (error) {
      if (error instanceof StorageError) {
        const { status, reason, xmlCode, message } = error;
        await this.#end(session, { kind: 'refused', status, reason, xmlCode, message });
      }
      throw error;
    }
  }

  /** The answer of an ended session; undefined while it is open. */
  #settled({ outcome }: Session): Received | undefined {
    switch (outcome?.kind) {
      case undefined:
        return undefined;
      case 'finished':
        return { kind: 'finished', version: outcome.version };
      case 'cancelled':
        throw new StorageError(
          499,
          'clientClosedRequest',
          'ClientClosedRequest',
          'The upload was cancelled.',
        );
      case 'refused':
        throw new StorageError(outcome.status, outcome.reason, outcome.xmlCode, outcome.message);
      default:
        return outcome satisfies never;
    }
  }

  /** Bytes that survive a crash: a whole multiple of the quantum. */
  async #persisted(id: string, size?: number): Promise<number> {
    const bytes = size ?? (await stat(this.#bytesPath(id)).catch(() => ({ size: 0 }))).size;
    return bytes - (bytes % chunkQuantum);
  }

  async #load(session: Session): Promise<void> {
    if (this.#isExpired(session)) return this.#remove(session.id);
    this.#sessions.set(session.id, session);
    // The process may have ended after it wrote the object and before it updated the session.
    const version = this.#store.versionWithBlob(session.bucket, session.name, session.id);
    if (version && !session.outcome) await this.#end(session, { kind: 'finished', version });
  }

  async #end(session: Session, outcome: Outcome): Promise<void> {
    await this.#save({ ...session, outcome, ended: this.#store.now() });
    await rm(this.#bytesPath(session.id), { force: true });
  }

  async #save(session: Session): Promise<void> {
    await writeJson(this.#recordPath(session.id), session);
    this.#sessions.set(session.id, session);
  }

  #isExpired({ created, ended }: Session): boolean {
    const until = Math.min(created + lifetimeMs, (ended ?? Number.POSITIVE_INFINITY) + keptAfterEndMs);
    return this.#store.now() > until;
  }
  #bytesPath = (id: string): string => join(this.#folder, id);
  #recordPath = (id: string): string => join(this.#folder, `${id}.json`);
}

/** Null where it is damaged. Without a pause between two: nobody is answered before all have been read. */
function readRecord(path: string): Session | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Session;
  } catch {
    return null;
  }
}
