import { createReadStream, createWriteStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OutageError } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { textOf } from '../blob-text.ts';
import { isPacked, unpackedStream, unpackFile } from '../content-coding.ts';
import { crc32cOf, openCrc32c } from '../crc32c.ts';
import { objectPage, pageQuery } from '../gcp/object-page.ts';
import { asServiceError } from '../gcp/outages.ts';
import { lifetimeOf } from '../lifetime.ts';
import type { BlobContent, BlobReference, Blobs, Download } from '../ports/blobs.ts';
import {
  bytesOf,
  createStorageRequests,
  type OpenAnswer,
  type StorageRequest,
  service,
} from './storage-requests.ts';

const notFound = 404;
const preconditionFailed = 412;

/** Bytes. A larger file is a stream; one up to this size is read, sent and written as a whole, which takes less time. */
const mostWhole = 4 * 1024 * 1024;
/** Up to this size it is written and read within the call: to hand it to another thread would cost more. Bytes. */
const mostAtOnce = 512 * 1024;

/** The storage server answers a request that a page makes; this header says that a program makes it. */
const asProgram = { 'x-goog-api-client': 'spillway' };
/** Bytes are given as they are stored. */
const asStored = { 'accept-encoding': 'gzip' };

const resourceSchema = z.object({
  generation: z.string(),
  size: z.coerce.number(),
  crc32c: z.string(),
  contentType: z.string().optional(),
});

const bucketSchema = z.object({
  versioning: z.object({ enabled: z.boolean().optional() }).optional(),
  softDeletePolicy: z.object({ retentionDurationSeconds: z.coerce.number() }).optional(),
  lifecycle: z.object({ rule: z.array(z.unknown()).optional() }).optional(),
});

const healthSchema = z.object({ refusal: z.string().nullable() });

const listSchema = z.object({
  items: z.array(z.looseObject({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

export interface StorageServerBlobs extends Blobs {
  /** Throws `OutageError`. */
  isBucketThere(bucket: string): Promise<boolean>;
  /** Ends the connections. */
  close(): void;
}

/**
 * Objects in the storage server beside this program, by plain requests of Cloud Storage's JSON API on connections that
 * stay open: Google's client takes ten times the processor time for each.
 * @param endpoint Such as `http://127.0.0.1:9199`.
 */
export function createStorageServerBlobs(endpoint: string): StorageServerBlobs {
  const requests = createStorageRequests(endpoint);

  async function resourceOf(bucket: string, name: string, generation?: string) {
    const { status, body } = await requests.whole({
      method: 'GET',
      path: `${objectPath(bucket, name)}${query({ generation })}`,
      expected: [notFound],
      what: `describe ${name}`,
    });
    if (status === notFound) return missingOrThrow(bucket, body, name);
    return resourceSchema.parse(JSON.parse(String(body)));
  }

  function openMedia(blob: { bucket: string; name: string; generation?: string }, range?: string) {
    const { bucket, name, generation } = blob;
    return requests.open({
      method: 'GET',
      path: `/download${objectPath(bucket, name)}${query({ alt: 'media', generation })}`,
      headers: { ...asStored, ...(range === undefined ? {} : { range }) },
      expected: [notFound],
      what: `give ${name}`,
    });
  }

  async function upload(bucket: string, name: string, content: BlobContent) {
    const { bytes, sent } = await bodyOf(content);
    const parameters = query({ uploadType: 'media', name, ifGenerationMatch: '0' });
    const request: StorageRequest = {
      method: 'POST',
      path: `/upload${objectsPath(bucket)}${parameters}`,
      headers: {
        'content-type': content.contentType,
        ...(bytes === null ? {} : { 'x-goog-hash': `crc32c=${crc32cOf(bytes)}` }),
      },
      body: sent,
      expected: [preconditionFailed],
      what: `keep ${name}`,
    };
    const { status, body } = await requests.whole(request);
    return status === preconditionFailed ? null : resourceSchema.parse(JSON.parse(String(body)));
  }

  async function remove(bucket: string, name: string, generation?: string): Promise<void> {
    await requests.whole({
      method: 'DELETE',
      path: `${objectPath(bucket, name)}${query({ generation })}`,
      expected: [notFound],
      what: `remove ${name}`,
    });
  }

  async function requestPage(bucket: string, parameters: Parameters<typeof query>[0]): Promise<unknown> {
    const { body } = await requests.whole({
      method: 'GET',
      path: `${objectsPath(bucket)}${query(parameters)}`,
      what: `list the objects of ${bucket}`,
    });
    return JSON.parse(String(body));
  }

  async function* list(bucket: string, prefix?: string) {
    for (let pageToken: string | undefined; ; ) {
      const page = listSchema.parse(await requestPage(bucket, { prefix, pageToken }));
      yield* page.items;
      if (page.nextPageToken === undefined) return;
      pageToken = page.nextPageToken;
    }
  }

  async function describeBucket(bucket: string) {
    const { status, body } = await requests.whole({
      method: 'GET',
      path: `/storage/v1/b/${bucket}`,
      expected: [notFound],
      what: `describe ${bucket}`,
    });
    return status === notFound ? null : bucketSchema.parse(JSON.parse(String(body)));
  }

  return {
    async download(blob, path) {
      const answer = await openMedia(blob);
      if (answer.status === notFound) {
        missingOrThrow(blob.bucket, await bytesOf(answer.stream), blob.name);
        return { kind: 'gone', replaced: (await resourceOf(blob.bucket, blob.name)) !== null };
      }
      const stored = storedForm(answer.headers);
      const crc32c = await save(answer, stored.size, path, blob);
      if (crc32c !== stored.crc32c) {
        throw new OutageError(`${service} sent other bytes of ${blob.name} than it says it has.`);
      }
      await unpackFile(path, stored.contentEncoding);
      return { kind: 'downloaded', crc32c, size: stored.size } satisfies Download;
    },
    async writeOnce(bucket, name, content) {
      const own = await upload(bucket, name, content);
      const written = own ?? (await resourceOf(bucket, name));
      if (written === null)
        throw new OutageError(`${service} did not keep ${name}: it was removed meanwhile.`);
      const { generation, crc32c, size } = written;
      return { bucket, name, generation, crc32c, size, adopted: own === null };
    },
    async read(bucket, name, { generation, range } = {}) {
      const blob = generation === undefined ? { bucket, name } : { bucket, name, generation };
      let answer = await openMedia(blob, range && `bytes=${range.first}-${range.last}`);
      if (range && answer.status !== notFound && isPacked(storedForm(answer.headers).contentEncoding)) {
        answer.stream.destroy();
        answer = await openMedia(blob);
      }
      if (answer.status === notFound) return missingOrThrow(bucket, await bytesOf(answer.stream), name);
      const { contentEncoding } = storedForm(answer.headers);
      const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
      const unpacked = unpackedStream(answer.stream, contentEncoding);
      if (unpacked) return { stream: unpacked, contentType, size: null };
      return { stream: answer.stream, contentType, size: Number(answer.headers['content-length']) };
    },
    // Whoever reaches the storage server may read everything, so that no address is given for one object.
    readAddress: () => null,
    async deletion(bucket) {
      const { versioning, softDeletePolicy } = (await describeBucket(bucket)) ?? {};
      if (versioning?.enabled) return { kind: 'versioned' };
      const forSeconds = softDeletePolicy?.retentionDurationSeconds ?? 0;
      return forSeconds > 0 ? { kind: 'kept', forSeconds } : { kind: 'removed' };
    },
    lifetime: async (bucket) => lifetimeOf((await describeBucket(bucket))?.lifecycle),
    remove,
    async removeAllBut(bucket, prefix, keep) {
      const names: string[] = [];
      for await (const { name } of list(bucket, prefix)) if (!keep.includes(name)) names.push(name);
      // All of them are tried before a failure is reported.
      const removals = await Promise.allSettled(names.map((name) => remove(bucket, name)));
      for (const removal of removals) if (removal.status === 'rejected') throw removal.reason;
    },
    listPage(bucket, behind) {
      return objectPage((pageToken) => requestPage(bucket, { ...pageQuery(behind), pageToken }), behind);
    },
    async uploadRefusal() {
      const { body } = await requests.whole({
        method: 'GET',
        path: '/_health',
        what: 'say whether it has room',
      });
      return healthSchema.parse(JSON.parse(String(body))).refusal;
    },
    async openUpload({ bucket, name, contentType, size, metadata, origin }) {
      const { headers } = await requests.whole({
        method: 'POST',
        path: `/upload${objectsPath(bucket)}${query({ uploadType: 'resumable', name, ifGenerationMatch: '0' })}`,
        headers: {
          ...asProgram,
          'content-type': 'application/json',
          'x-upload-content-type': contentType,
          ...(size === null ? {} : { 'x-upload-content-length': String(size) }),
          ...(origin === null ? {} : { origin }),
        },
        body: Buffer.from(JSON.stringify({ contentType, metadata })),
        what: `begin an upload of ${name}`,
      });
      return { protocol: 'gcs-resumable', url: String(headers.location) };
    },
    isBucketThere: async (bucket) => (await describeBucket(bucket)) !== null,
    close: () => requests.close(),
  };
}

interface StoredForm {
  crc32c: string;
  /** Bytes. */
  size: number;
  contentEncoding: string | null;
}

/** An object as it is stored, by the headers of an answer with its bytes. */
function storedForm(headers: IncomingHttpHeaders): StoredForm {
  const crc32c = /crc32c=([^,\s]+)/.exec(String(headers['x-goog-hash']))?.[1];
  const size = Number(headers['x-goog-stored-content-length']);
  if (crc32c === undefined || !Number.isFinite(size))
    throw new OutageError(`${service} gave an object without its checksum and size.`);
  const encoding = headers['x-goog-stored-content-encoding'];
  return { crc32c, size, contentEncoding: typeof encoding === 'string' ? encoding : null };
}

/** Writes the bytes of an answer into a file, and returns their CRC-32C. */
async function save(
  { stream }: OpenAnswer,
  size: number,
  path: string,
  { name }: BlobReference,
): Promise<string> {
  if (size <= mostWhole) {
    const bytes = await bytesOf(stream).catch((error: unknown) => {
      throw asServiceError(service, error, `give ${name}`);
    });
    if (size <= mostAtOnce) writeFileSync(path, bytes);
    else await writeFile(path, bytes);
    return crc32cOf(bytes);
  }
  const crc32c = await openCrc32c();
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      crc32c.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(stream, counting, createWriteStream(path));
  } catch (error) {
    throw asServiceError(service, error, `give ${name}`);
  }
  return crc32c.base64();
}

/** What is sent of a content; `bytes` are null where it is a large file, which is read while it is sent. */
async function bodyOf({
  from,
}: BlobContent): Promise<{ bytes: Buffer | null; sent: NonNullable<StorageRequest['body']> }> {
  if (!('path' in from)) {
    const bytes = Buffer.from(textOf(from));
    return { bytes, sent: bytes };
  }
  const { size } = statSync(from.path);
  if (size > mostWhole) {
    return { bytes: null, sent: { bytes: size, open: () => createReadStream(from.path) } };
  }
  const bytes = size <= mostAtOnce ? readFileSync(from.path) : await readFile(from.path);
  return { bytes, sent: bytes };
}

/** Null where the object is missing. Throws `RefusedError` where the bucket is: that is no answer about an object. */
function missingOrThrow(bucket: string, body: Buffer, name: string): null {
  if (!String(body).includes('The specified bucket does not exist')) return null;
  const missing = Object.assign(new Error(`The specified bucket does not exist: ${bucket}.`), {
    code: notFound,
  });
  throw asServiceError(service, missing, `find ${name}`);
}

const objectsPath = (bucket: string): string => `/storage/v1/b/${bucket}/o`;

const objectPath = (bucket: string, name: string): string =>
  `${objectsPath(bucket)}/${encodeURIComponent(name)}`;

function query(parameters: Record<string, string | number | undefined>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? '' : `?${given.join('&')}`;
}
