import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FinalizedObject } from '@spillway/core/uploads.ts';
import { textOf } from '../blob-text.ts';
import { unpackedStream, unpackFile } from '../content-coding.ts';
import { crc32cOf } from '../crc32c.ts';
import { requireObject } from '../limits/blobs.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Clock } from '../ports/ports.ts';

/** Objects of a page, as Cloud Storage gives them. */
const pageSize = 1_000;

interface StoredObject {
  object: FinalizedObject;
  bytes: Buffer;
  crc32c: string;
  contentEncoding: string | null;
}

export interface MemoryBlobs extends Blobs {
  /** Puts an object where an integrator would, and returns what its finalize event says. Throws `RefusedError`. */
  upload(
    bucket: string,
    name: string,
    bytes: Buffer,
    metadata?: Record<string, string>,
    contentEncoding?: string | null,
  ): FinalizedObject;
}

/** Objects in this process's memory. Upload sessions are addresses that lead nowhere. */
export function createMemoryBlobs(clock: Clock, newToken: () => string): MemoryBlobs {
  const objects = new Map<string, StoredObject>();
  let generations = 1_700_000_000_000_000;
  const key = (bucket: string, name: string) => `${bucket}/${name}`;

  /** The names of each bucket that was listed, until its next change. */
  const listed = new Map<string, string[]>();

  function sortedNames(bucket: string): string[] {
    const names =
      listed.get(bucket) ??
      [...objects.values()].flatMap(({ object }) => (object.bucket === bucket ? object.name : [])).sort();
    listed.set(bucket, names);
    return names;
  }

  function put(
    bucket: string,
    name: string,
    bytes: Buffer,
    contentType: string,
    metadata = {},
    contentEncoding: string | null = null,
  ): StoredObject {
    const object: FinalizedObject = {
      bucket,
      name,
      generation: String(++generations),
      size: bytes.length,
      contentType,
      timeCreated: clock.now(),
      metadata,
    };
    const stored = { object, bytes, crc32c: crc32cOf(bytes), contentEncoding };
    objects.set(key(bucket, name), stored);
    listed.delete(bucket);
    return stored;
  }

  function forget(bucket: string, name: string): void {
    objects.delete(key(bucket, name));
    listed.delete(bucket);
  }

  return {
    upload(bucket, name, bytes, metadata = {}, contentEncoding = null) {
      requireObject(name, metadata);
      return put(bucket, name, bytes, 'image/jpeg', metadata, contentEncoding).object;
    },
    async download({ bucket, name, generation }, path) {
      const stored = objects.get(key(bucket, name));
      if (!stored || stored.object.generation !== generation) {
        return { kind: 'gone', replaced: stored !== undefined };
      }
      await writeFile(path, stored.bytes);
      await unpackFile(path, stored.contentEncoding);
      return { kind: 'downloaded', crc32c: stored.crc32c, size: stored.bytes.length };
    },
    async writeOnce(bucket, name, { from, contentType }) {
      const bytes = 'path' in from ? await readFile(from.path) : Buffer.from(textOf(from));
      const there = objects.get(key(bucket, name));
      const { object, crc32c } = there ?? put(bucket, name, bytes, contentType);
      return {
        bucket,
        name,
        generation: object.generation,
        size: object.size,
        crc32c,
        adopted: there !== undefined,
      };
    },
    async read(bucket, name, { generation, range } = {}) {
      const stored = objects.get(key(bucket, name));
      if (!stored || (generation !== undefined && stored.object.generation !== generation)) return null;
      const contentType = stored.object.contentType ?? 'application/octet-stream';
      const unpacked = unpackedStream(Readable.from([stored.bytes]), stored.contentEncoding);
      if (unpacked) return { stream: unpacked, contentType, size: null };
      const bytes = range ? stored.bytes.subarray(range.first, range.last + 1) : stored.bytes;
      return { stream: Readable.from([bytes]), contentType, size: bytes.length };
    },
    async readAddress() {
      return null;
    },
    async deletion() {
      return { kind: 'removed' };
    },
    lifetime: () => ({ kind: 'until_deleted' }),
    async remove(bucket, name, generation) {
      const stored = objects.get(key(bucket, name));
      if (stored && (!generation || stored.object.generation === generation)) forget(bucket, name);
    },
    async removeAllBut(bucket, prefix, keep) {
      for (const { object } of objects.values()) {
        const matches = object.bucket === bucket && object.name.startsWith(prefix);
        if (matches && !keep.includes(object.name)) forget(bucket, object.name);
      }
    },
    listPage(bucket, behind) {
      const names = sortedNames(bucket);
      const from = behind === null ? 0 : firstBehind(names, behind);
      const page = names.slice(from, from + pageSize);
      return {
        objects: page.flatMap((name) => objects.get(key(bucket, name))?.object ?? []),
        unreadable: [],
        next: from + pageSize < names.length ? (page.at(-1) ?? null) : null,
      };
    },
    uploadRefusal: () => null,
    async openUpload({ bucket, name }) {
      const object = `${bucket}/${encodeURIComponent(name)}`;
      return {
        protocol: 'gcs-resumable',
        url: `https://storage.invalid/upload/${object}?upload_id=${newToken()}`,
      };
    },
  };
}

/** The place of the first name behind another in a sorted list. */
function firstBehind(names: string[], name: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] as string) > name) high = middle;
    else low = middle + 1;
  }
  return low;
}
