import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { openCrc32c } from '../crc32c.ts';
import { longestHead } from './wire.ts';

/** A line of JSON and the bytes of one file, as they come over the network. */

/** What came is not whole, too long, too slow or no frame. */
export class BrokenFrameError extends Error {
  override readonly name = 'BrokenFrameError';
}

export interface Frame {
  /** The first line, as JSON. */
  head: unknown;
  body: AsyncIterable<Uint8Array>;
}

const newline = 0x0a;

/**
 * Reads the first line of a frame, and leaves the rest to be read. Throws `BrokenFrameError`, and what the stream fails
 * with.
 */
export async function openFrame(stream: AsyncIterable<Uint8Array>): Promise<Frame> {
  const chunks = stream[Symbol.asyncIterator]();
  const line: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) throw new BrokenFrameError('It ended within its first line.');
    const end = value.indexOf(newline);
    line.push(end === -1 ? value : value.subarray(0, end));
    length += end === -1 ? value.length : end;
    if (length > longestHead) throw new BrokenFrameError('Its first line is too long.');
    if (end !== -1) return { head: parsed(Buffer.concat(line)), body: rest(value.subarray(end + 1), chunks) };
  }
}

async function* rest(
  first: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    throw new BrokenFrameError('Its first line is no JSON.');
  }
}

/** One of the files in the body of a frame, as its first line states it. */
export interface FramedFile {
  path: string;
  /** Bytes. */
  size: number;
  crc32c: string;
}

/**
 * Writes the body of a frame into files, one after the other, and no more than the sizes that its first line states. Throws
 * `BrokenFrameError` where it has another size or checksum: no file is to be used then. Throws the system's errors where a
 * file cannot be written.
 */
export async function saveBody(body: AsyncIterable<Uint8Array>, ...files: FramedFile[]): Promise<void> {
  const stated = files.reduce((sum, { size }) => sum + size, 0);
  const bytes = piecesOf(body, stated);
  for (const file of files) await saveFile(bytes, file);
  if (await bytes.take(1))
    throw new BrokenFrameError(`It is longer than the ${stated} bytes that it states.`);
}

async function saveFile(bytes: Pieces, { path, size, crc32c }: FramedFile): Promise<void> {
  const checksum = await openCrc32c();
  const file = await open(path, 'w');
  try {
    for (let left = size; left > 0; ) {
      const piece = await bytes.take(left);
      if (!piece) throw new BrokenFrameError(`It ended after ${bytes.taken()} of ${bytes.stated} bytes.`);
      left -= piece.length;
      checksum.update(piece);
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
  if (checksum.base64() !== crc32c)
    throw new BrokenFrameError('Its bytes do not have the checksum that it states.');
}

/** A stream that is taken in pieces of any length. */
interface Pieces {
  /** The next bytes, and at most this number of them; null at the end. */
  take(most: number): Promise<Uint8Array | null>;
  taken(): number;
  stated: number;
}

function piecesOf(body: AsyncIterable<Uint8Array>, stated: number): Pieces {
  const chunks = body[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let taken = 0;
  return {
    stated,
    taken: () => taken,
    async take(most) {
      while (rest.length === 0) {
        const next = await chunks.next();
        if (next.done) return null;
        rest = next.value;
      }
      const piece = rest.subarray(0, most);
      rest = rest.subarray(most);
      taken += piece.length;
      return piece;
    },
  };
}

/** Size and checksum of a file that is to be sent. Throws the system's errors. */
export async function describeFile(path: string): Promise<{ size: number; crc32c: string }> {
  const checksum = await openCrc32c();
  for await (const chunk of createReadStream(path)) checksum.update(chunk);
  const { size } = await stat(path);
  return { size, crc32c: checksum.base64() };
}

/** The first line of a frame. */
export function headLine(head: object): Buffer {
  return Buffer.from(`${JSON.stringify(head)}\n`);
}

/** How long a frame may take. Milliseconds. */
export interface TransferLimits {
  /** Between two pieces. */
  idleMs: number;
  /** In all. */
  mostMs: number;
}

/**
 * The pieces of a stream, until it takes longer than it may: then `BrokenFrameError` is thrown. The stream is not destroyed,
 * so that a server can still answer.
 */
export async function* inTime(
  stream: Readable,
  { idleMs, mostMs }: TransferLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = stream.iterator({ destroyOnReturn: false });
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {});
  const idle = setTimeout(
    () => late.reject(new BrokenFrameError(`Nothing came for ${idleMs / 1_000} s.`)),
    idleMs,
  );
  const all = setTimeout(
    () => late.reject(new BrokenFrameError(`It did not end within ${mostMs / 1_000} s.`)),
    mostMs,
  );
  try {
    for (;;) {
      const reading = chunks.next();
      // Where it comes too late, nobody waits for it.
      reading.catch(() => {});
      const next = await Promise.race([reading, late.promise]);
      if (next.done) return;
      idle.refresh();
      yield next.value;
    }
  } finally {
    clearTimeout(idle);
    clearTimeout(all);
  }
}
