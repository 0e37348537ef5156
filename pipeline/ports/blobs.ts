import type { Readable } from 'node:stream';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { UploadProtocol } from '@spillway/core/upload-protocol.ts';
import type { FinalizedObject } from '@spillway/core/uploads.ts';

export interface BlobReference {
  bucket: string;
  name: string;
  generation: string;
}

export type Download =
  /** CRC-32C (see `crc32cSchema`), and size in bytes, of the object as it is stored; the file may be larger. */
  | { kind: 'downloaded'; crc32c: string; size: number }
  /** That generation no longer exists; `replaced` tells whether a newer one does. */
  | { kind: 'gone'; replaced: boolean };

export interface WrittenBlob {
  bucket: string;
  name: string;
  generation: string;
  /** See `crc32cSchema`. */
  crc32c: string;
  /** Bytes. */
  size: number;
}

export type WrittenOnce = WrittenBlob & {
  /** Whether it was there already. It may have other bytes then. */
  adopted: boolean;
};

export interface BlobContent {
  /** A file on this machine, the bytes themselves, or a value that is written as JSON. */
  from: { path: string } | BlobText;
  contentType: string;
}

export type BlobText = { text: string } | { json: object };

/** First and last byte, both included. */
export interface ByteRange {
  first: number;
  last: number;
}

/** What is wanted of an object. */
export interface BlobPart {
  /** Without it, the object as it is now. */
  generation?: string;
  /** Some of its bytes. Of an object with a `Content-Encoding`, which has no bytes to count, all are given. */
  range?: ByteRange;
}

export interface OpenBlob {
  /** Unpacked, where the object has a `Content-Encoding`, and broken off beyond the limit of a file's size. */
  stream: Readable;
  contentType: string;
  /** Bytes of the stream; null where only its end tells, because the object has a `Content-Encoding`. */
  size: number | null;
}

/** How a reader who has only an address is to be answered. */
export interface AddressedAnswer {
  contentType: string;
  /** A `Content-Disposition`; null for none. */
  disposition: string | null;
  /** Milliseconds until the address ends. */
  forMs: number;
}

export interface UploadSession {
  bucket: string;
  name: string;
  contentType: string;
  /** Bytes, where known. */
  size: number | null;
  metadata: Record<string, string>;
  /** Origin of the page that will send the bytes; null for other senders. */
  origin: string | null;
}

/** Where the bytes of an upload go, and how. */
export interface OpenedUpload {
  protocol: UploadProtocol;
  /** Anyone who knows it can write that object: never log it. */
  url: string;
}

/** Some objects of a bucket. */
export interface ObjectPage {
  objects: FinalizedObject[];
  /** Objects whose descriptions cannot be read. */
  unreadable: { name: string; problem: string }[];
  /** The last name of this page, behind which the next one begins; null on the last page. */
  next: string | null;
}

/** What becomes of an object that is removed. */
export type Deletion =
  | { kind: 'removed' }
  /** Its bucket keeps it for that time, so that admins can restore it. Nobody can remove it earlier. */
  | { kind: 'kept'; forSeconds: number }
  /** Its bucket has versioning: it stays as an older version until somebody removes that. */
  | { kind: 'versioned' }
  /** This program may not read the bucket's settings. */
  | { kind: 'unknown' };

/** How long an object stays that nobody deletes. */
export type Lifetime =
  | { kind: 'days'; days: number }
  | { kind: 'until_deleted' }
  /** This program may not read the bucket's settings. */
  | { kind: 'unknown' };

/** Cloud Storage. All methods throw `OutageError` when it does not answer. */
export interface Blobs {
  /**
   * Fetches exactly that generation into a file, verifies its checksum, and unpacks it as its `Content-Encoding` says.
   * Throws `PermanentError` `file_too_large` or `corrupt_image` where it cannot be unpacked.
   */
  download(blob: BlobReference, path: string): Awaitable<Download>;
  /** Writes only where there is no object. An object that is there already is adopted. */
  writeOnce(bucket: string, name: string, content: BlobContent): Awaitable<WrittenOnce>;
  /** Null where there is no such object, or not that generation of it. */
  read(bucket: string, name: string, part?: BlobPart): Awaitable<OpenBlob | null>;
  /**
   * An address where anybody may read that generation for some time: never log it. Null where this program's account
   * cannot sign, or could not just now. It does not say whether the object is there.
   */
  readAddress(blob: BlobReference, answer: AddressedAnswer): Awaitable<string | null>;
  /** What becomes of objects that are removed from a bucket, as it is set now. */
  deletion(bucket: string): Awaitable<Deletion>;
  /** How long objects of a bucket stay, as it is set now. */
  lifetime(bucket: string): Awaitable<Lifetime>;
  /** Removes an object, one generation of it where given; it is no error when it is not there. */
  remove(bucket: string, name: string, generation?: string): Awaitable<void>;
  /** Removes every object whose name starts with `prefix`, except those named in `keep`. */
  removeAllBut(bucket: string, prefix: string, keep: string[]): Awaitable<void>;
  /**
   * The objects of a bucket, up to a thousand at a time, in the order that the store gives their names.
   * @param behind The first page has names behind this one, whether there is such an object or not; null for all.
   */
  listPage(bucket: string, behind: string | null): Awaitable<ObjectPage>;
  /** Why the storage takes no upload now, as a sentence; null while it does. Cloud Storage always has room. */
  uploadRefusal(): Awaitable<string | null>;
  /** Opens an upload that can be resumed. */
  openUpload(session: UploadSession): Awaitable<OpenedUpload>;
}
