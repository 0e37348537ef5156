import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type Bucket,
  type BucketMetadata,
  CRC32C,
  type File,
  type FileMetadata,
  type Storage,
} from '@google-cloud/storage';
import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { textOf } from '../blob-text.ts';
import { isPacked, unpackedStream, unpackFile } from '../content-coding.ts';
import { lifetimeOf } from '../lifetime.ts';
import type { Blobs, ByteRange, WrittenBlob } from '../ports/blobs.ts';
import type { Log } from '../ports/ports.ts';
import { allowClientListeners } from './download-listeners.ts';
import { objectPage, pageQuery } from './object-page.ts';
import { codeOf, orOutage } from './outages.ts';
import { createReadAddresses } from './read-addresses.ts';
import { type StoredContent, storedContent } from './stored-content.ts';

const notFound = 404;
const forbidden = 403;
const preconditionFailed = 412;
const firstRefusal = 400;
const permissionTo = { read: 'storage.objects.get', remove: 'storage.objects.delete' } as const;
const onlyIfAbsent = { ifGenerationMatch: 0 };

/** Objects in Cloud Storage. */
export function createStorageBlobs(storage: Storage, log: Log): Blobs {
  /** Null where this program may not read them. */
  async function settingsOf(bucket: string): Promise<BucketMetadata | null> {
    try {
      const reading = storage.bucket(bucket).getMetadata();
      const [settings] = await orOutage('Cloud Storage', reading, `describe ${bucket}`);
      return settings;
    } catch (error) {
      if (error instanceof RefusedError && codeOf(error.cause) === forbidden) return null;
      throw error;
    }
  }

  return {
    async download({ bucket, name, generation }, path) {
      const file = storage.bucket(bucket).file(name, { generation });
      try {
        const stored = await orOutage('Cloud Storage', fetchTo(file, path), `give ${name}`);
        await checkStored(path, name, stored);
        await unpackFile(path, stored.contentEncoding);
        return { kind: 'downloaded', crc32c: stored.crc32c, size: stored.size };
      } catch (error) {
        if (!(await isMissing(error, storage.bucket(bucket)))) throw error;
        return { kind: 'gone', replaced: await isThere(storage.bucket(bucket), name) };
      }
    },
    async writeOnce(bucket, name, { from, contentType }) {
      const file = storage.bucket(bucket).file(name);
      const options = {
        resumable: false,
        metadata: { contentType },
        preconditionOpts: onlyIfAbsent,
      } as const;
      try {
        const [{ metadata }] =
          'path' in from
            ? await orOutage(
                'Cloud Storage',
                file.bucket.upload(from.path, { ...options, destination: file }),
                `keep ${name}`,
              )
            : [
                await orOutage(
                  'Cloud Storage',
                  file.save(textOf(from), options).then(() => file),
                  `keep ${name}`,
                ),
              ];
        return { ...written(bucket, name, metadata), adopted: false };
      } catch (error) {
        if (codeOf(error) !== preconditionFailed) throw error;
        const [metadata] = await orOutage('Cloud Storage', file.getMetadata());
        return { ...written(bucket, name, metadata), adopted: true };
      }
    },
    async read(bucket, name, { generation, range } = {}) {
      const file = storage.bucket(bucket).file(name, generation === undefined ? {} : { generation });
      try {
        const part = range && (await isStoredPlain(file)) ? range : null;
        const opening = openRead(onItsOwnConnection(file), part);
        const { stream, stored } = await orOutage('Cloud Storage', opening, `give ${name}`);
        const { contentType, contentEncoding, size } = stored;
        const unpacked = unpackedStream(stream, contentEncoding);
        if (unpacked) return { stream: unpacked, contentType, size: null };
        return { stream, contentType, size: part ? bytesWithin(part, size) : size };
      } catch (error) {
        if (await isMissing(error, storage.bucket(bucket))) return null;
        throw error;
      }
    },
    readAddress: createReadAddresses(storage, log),
    async deletion(bucket) {
      const settings = await settingsOf(bucket);
      if (settings === null) return { kind: 'unknown' };
      if (settings.versioning?.enabled) return { kind: 'versioned' };
      const forSeconds = Number(settings.softDeletePolicy?.retentionDurationSeconds ?? 0);
      return forSeconds > 0 ? { kind: 'kept', forSeconds } : { kind: 'removed' };
    },
    async lifetime(bucket) {
      const settings = await settingsOf(bucket);
      return settings === null ? { kind: 'unknown' } : lifetimeOf(settings.lifecycle);
    },
    async remove(bucket, name, generation) {
      const file = storage.bucket(bucket).file(name, generation ? { generation } : {});
      await removeIfThere(file);
    },
    async removeAllBut(bucket, prefix, keep) {
      const [files] = await orOutage(
        'Cloud Storage',
        storage.bucket(bucket).getFiles({ prefix }),
        `list ${prefix}`,
      );
      const others = files.filter(({ name }) => !keep.includes(name));
      // All of them are tried before a failure is reported.
      const removals = await Promise.allSettled(others.map(removeIfThere));
      for (const removal of removals) if (removal.status === 'rejected') throw removal.reason;
    },
    listPage(bucket, behind) {
      return objectPage(async (pageToken) => {
        const query = { autoPaginate: false, ...pageQuery(behind), ...(pageToken ? { pageToken } : {}) };
        // Files that were asked for by some of their fields have no metadata: the answer itself has.
        const [, , answer] = await orOutage(
          'Cloud Storage',
          storage.bucket(bucket).getFiles(query),
          `list the objects of ${bucket}`,
        );
        return answer;
      }, behind);
    },
    uploadRefusal: () => null,
    async openUpload({ bucket, name, contentType, size, metadata, origin }) {
      const file = storage.bucket(bucket).file(name);
      const [address] = await orOutage(
        'Cloud Storage',
        file.createResumableUpload({
          metadata: { contentType, metadata, ...(size === null ? {} : { contentLength: size }) },
          ...(origin ? { origin } : {}),
          preconditionOpts: onlyIfAbsent,
        }),
      );
      return { protocol: 'gcs-resumable', url: address };
    },
  };
}

/**
 * Whether the failure means that there is no such object. Cloud Storage answers 403 for a missing object where
 * the client may not list the bucket. The object is then missing if this program may do what it tried with objects in that
 * bucket.
 */
async function isMissing(
  error: unknown,
  bucket: Bucket,
  tried: keyof typeof permissionTo = 'read',
): Promise<boolean> {
  if (codeOf(error) === notFound) return true;
  if (!(error instanceof RefusedError) || codeOf(error.cause) !== forbidden) return false;
  try {
    const [permissions] = await bucket.iam.testPermissions(permissionTo[tried]);
    return permissions[permissionTo[tried]] === true;
  } catch {
    // The first refusal says more than the failure of this check.
    return false;
  }
}

async function removeIfThere(file: File): Promise<void> {
  try {
    await orOutage('Cloud Storage', file.delete({ ignoreNotFound: true }), `remove ${file.name}`);
  } catch (error) {
    if (!(await isMissing(error, file.bucket, 'remove'))) throw error;
  }
}

/** Whether any generation of the object is there. */
async function isThere(bucket: Bucket, name: string): Promise<boolean> {
  try {
    const [there] = await orOutage('Cloud Storage', bucket.file(name).exists(), `look for ${name}`);
    return there;
  } catch (error) {
    if (await isMissing(error, bucket)) return false;
    throw error;
  }
}

function bytesWithin({ first, last }: ByteRange, size: number): number {
  return Math.max(0, Math.min(last, size - 1) - first + 1);
}

/** A range of an object's bytes is one of its content only where it is stored without a coding. */
async function isStoredPlain(file: File): Promise<boolean> {
  const [{ contentEncoding }] = await orOutage('Cloud Storage', file.getMetadata(), `describe ${file.name}`);
  return !isPacked(contentEncoding);
}

interface OpenedRead {
  stream: Readable;
  stored: StoredContent;
}

/**
 * Opens the content as it is stored; the whole is checked against its CRC-32C, a range cannot be. Resolves once the
 * answer has begun. If a reader goes away before that and the stream is destroyed, the client throws where nothing can
 * catch it.
 */
async function openRead(file: File, range: ByteRange | null = null): Promise<OpenedRead> {
  const checked = range ? { start: range.first, end: range.last } : ({ validation: 'crc32c' } as const);
  const stream = allowClientListeners(file.createReadStream({ decompress: false, ...checked }));
  const answered = once(stream, 'response');
  // The client makes the request at the first read.
  stream.read(0);
  const [answer] = (await answered) as [IncomingMessage];
  // The client reads the refusal before it fails the stream with it.
  if ((answer.statusCode ?? 0) >= firstRefusal) await once(stream, 'close');
  return { stream, stored: storedContent(answer.headers) };
}

type Interceptor = File['interceptors'][number];
type RequestWithUri = Extract<Parameters<Interceptor['request']>[0], { uri: string }>;

/**
 * A file whose reader may go away. The client answers that by destroying the agent that all of its requests share: every
 * other call under way would fail with it, and be tried again seconds later. Without `forever` a request has no agent.
 */
function onItsOwnConnection({ bucket, name, generation }: File): File {
  const file = bucket.file(name, generation === undefined ? {} : { generation });
  // The client's requests have a `uri`; its type allows for a `url` instead.
  file.interceptors.push({
    request: (options) => ({ ...(options as RequestWithUri), forever: false }),
  });
  return file;
}

/** The client verifies the checksum with these settings. With others it does not, and says nothing. */
const verifiedByClient = new Set(['', 'identity', 'gzip']);

async function checkStored(
  path: string,
  name: string,
  { crc32c, contentEncoding }: StoredContent,
): Promise<void> {
  if (verifiedByClient.has(contentEncoding)) return;
  const read = await CRC32C.fromFile(path);
  if (read.toString() === crc32c) return;
  throw new OutageError(`Cloud Storage sent other bytes of ${name} than it says it has.`);
}

async function fetchTo(file: File, path: string): Promise<StoredContent> {
  const { stream, stored } = await openRead(file);
  // The client verifies the checksum, and fails the stream where it does not match.
  await pipeline(stream, createWriteStream(path));
  return stored;
}

function described(metadata: FileMetadata): { crc32c: string; size: number; generation: string } {
  const { crc32c, size, generation } = metadata;
  if (!crc32c || size === undefined || generation === undefined) {
    throw new Error(`Cloud Storage described ${metadata.name} without checksum, size or generation.`);
  }
  return { crc32c, size: Number(size), generation: String(generation) };
}

function written(bucket: string, name: string, metadata: FileMetadata): WrittenBlob {
  return { bucket, name, ...described(metadata) };
}
