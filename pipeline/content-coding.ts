import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { pipeline as join, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import { PermanentError } from '@spillway/core/errors.ts';
import { largestFile } from '@spillway/core/file-size.ts';

/** The codings of https://www.iana.org/assignments/http-parameters that are still in use. */
type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

const codings: Record<string, Coding> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};
const mostCodings = 4;

/**
 * The codings that a `Content-Encoding` names, in the order in which they were applied. `identity` and names that are
 * no codings (`utf-8`, `aws-chunked`) say nothing of the bytes, and are passed over.
 */
function codingsOf(contentEncoding: string | null | undefined): Coding[] {
  const names = (contentEncoding ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.flatMap((name) => (Object.hasOwn(codings, name) ? (codings[name] ?? []) : []));
}

/**
 * Turns a file as it is stored into what it is, in its place: Cloud Storage keeps an object's bytes as they were sent,
 * and its `Content-Encoding` says how a reader unpacks them. A file that is labelled so and is not packed stays as it is.
 * @param most Bytes that it may have when it is unpacked.
 * @throws PermanentError `file_too_large`, or `corrupt_image` where what is packed breaks off or is damaged.
 */
export async function unpackFile(
  path: string,
  contentEncoding: string | null | undefined,
  most: number = largestFile,
): Promise<void> {
  const applied = codingsOf(contentEncoding);
  if (applied.length > mostCodings) {
    throw new PermanentError('unsupported_type', `The file is packed ${applied.length} times over.`);
  }
  for (const coding of applied.toReversed()) await unpackOnce(path, coding, most);
}

async function unpackOnce(path: string, coding: Coding, most: number): Promise<void> {
  const isMarked = await bearsMark(path, coding);
  // A file that begins with the mark of its coding was packed. Brotli and bare deflate have no mark, so they
  // are tried.
  if (isMarked === false) return;
  const unpacked = `${path}.unpacked`;
  try {
    await pipeline(
      createReadStream(path),
      decoderOf(coding, isMarked !== null),
      bounded(most),
      createWriteStream(unpacked),
    );
    await rename(unpacked, path);
  } catch (error) {
    await rm(unpacked, { force: true });
    if (!isDecodersError(error)) throw error;
    if (isMarked === null) return;
    const message = `The file was stored with Content-Encoding ${coding}, and cannot be unpacked: it breaks off or is damaged.`;
    throw new PermanentError('corrupt_image', message, { cause: error });
  }
}

/** Null where the coding may have no mark. */
async function bearsMark(path: string, coding: Coding): Promise<boolean | null> {
  const file = await open(path);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(4) }).finally(() => file.close());
  if (bytesRead === 0) return false;
  switch (coding) {
    case 'gzip':
      return buffer.readUInt16BE(0) === 0x1f8b;
    case 'zstd':
      return buffer.readUInt32LE(0) === 0xfd2fb528;
    case 'deflate':
      // RFC 1950: the method is 8, and the two bytes are a multiple of 31.
      return ((buffer[0] ?? 0) & 0x0f) === 8 && buffer.readUInt16BE(0) % 31 === 0 ? true : null;
    case 'br':
      return null;
    default:
      return coding satisfies never;
  }
}

function decoderOf(coding: Coding, isMarked: boolean): Transform {
  switch (coding) {
    case 'gzip':
      return createGunzip();
    case 'zstd':
      return createZstdDecompress();
    case 'deflate':
      // Some senders leave out the header, and browsers accept that.
      return isMarked ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    default:
      return coding satisfies never;
  }
}

/** Stops at the first byte beyond the limit, because a few kilobytes may hold gigabytes. */
function bounded(most: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= most) return done(null, chunk);
      const limit = `${(most / 2 ** 20).toFixed(1)} MiB`;
      done(new PermanentError('file_too_large', `Unpacked, the file is larger than the limit of ${limit}.`));
    },
  });
}

/** Those of zlib, Brotli and zstd say nothing of a system call; a full disk does, and memory is the machine's. */
function isDecodersError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || error instanceof PermanentError) return false;
  const code = String(error.code);
  return /^(Z_(?!MEM)|ERR_|ZSTD_error)/.test(code) && !('syscall' in error);
}

/** Whether a stream of the object has to be unpacked. */
export function isPacked(contentEncoding: string | null | undefined): boolean {
  return codingsOf(contentEncoding).length > 0;
}

/**
 * A stream of what is stored as one of what it is; an error of either ends it, and so does more than `most` bytes. Null
 * where there is nothing to unpack.
 */
export function unpackedStream(
  stored: Readable,
  contentEncoding: string | null | undefined,
  most: number = largestFile,
): Readable | null {
  const applied = codingsOf(contentEncoding);
  if (applied.length === 0) return null;
  const decoders = applied.toReversed().map((coding) => decoderOf(coding, true));
  return [...decoders, bounded(most)].reduce<Readable>(
    (stream, step) => join(stream, step, () => {}),
    stored,
  );
}
