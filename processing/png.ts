import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, deflateSync } from 'node:zlib';
import { freeMemory } from './free-memory.ts';
import { deflateLiterals } from './literal-deflate.ts';
import { subtractLeft } from './png-filter.ts';
import type { PictureRows, RowSource } from './samples.ts';

const deflate = promisify(deflateRaw);

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** zlib header (RFC 1950): deflate, 32 KiB window, fastest level. */
const zlibHeader = Buffer.from([0x78, 0x01]);
/** Bytes that are drawn and deflated at a time: few enough for the cache, enough to be worth their own codes. */
const stripeBytes = 256 * 1024;

/** It is prime, so that the samples are not in columns. */
const sampleEvery = 61;
const flatShare = 0.75;

/** An empty final block. The stripes before it end on byte boundaries without one, so that they can be joined. */
const endOfStream = Buffer.from([0x03, 0x00]);

/** More than the allocator keeps for itself (`allocator` in `child.ts`). */
const segmentBytes = 8 * 1024 * 1024;

/** Stripes under way on Node's thread pool. */
const mostAtOnce = 16;

const constantParts = new Set<Uint8Array>([signature, zlibHeader, endOfStream]);

/** ISO/IEC 15948, table 11.1, by channels. */
const colourTypes = { 1: 0, 3: 2, 4: 6 } as const;
/** Filter types of a line: its samples as they are, or each less that of the pixel to the left. */
const filters = { none: 0, sub: 1 } as const;

/**
 * Encodes an 8-bit PNG (ISO/IEC 15948) with nothing in it but the picture.
 *
 * Pencil drawings are noise around white, and a search for matches finds little there, so Huffman codes alone are
 * enough. Colours are filtered first, because the differences of similar neighbours take fewer bits.
 *
 * @see docs/decisions/png-encoder.md for its figures beside sharp's own compressor, which is faster for flat drawings.
 */
export async function encodePng(picture: PictureRows): Promise<Uint8Array> {
  const data = new Segments();
  const underWay: (Uint8Array | Promise<Uint8Array>)[] = [];
  data.add(zlibHeader);
  let checksum = 1;
  for (const stripe of stripesOf(picture)) {
    // A stripe on the thread pool is a copy, so there are only enough of them to keep the threads busy.
    if (underWay.length === mostAtOnce) data.add(await (underWay.shift() as Promise<Uint8Array>));
    underWay.push(deflateStripe(stripe));
    checksum = adler32(stripe, checksum);
  }
  for (const deflated of await Promise.all(underWay)) data.add(deflated);
  data.add(endOfStream);
  data.add(bigEndian(checksum));
  return join([
    signature,
    ...chunk('IHDR', [header(picture)]),
    ...chunk('IDAT', data.all()),
    ...chunk('IEND', []),
  ]);
}

/**
 * Collects bytes in pieces that are large enough for the allocator to free them at once. Small pieces would stay with
 * the process, and a file of 400 MB would be in memory twice while it is joined.
 */
class Segments {
  readonly #segments: Uint8Array[] = [];
  #used = segmentBytes;

  add(part: Uint8Array): void {
    for (let from = 0; from < part.length; ) {
      if (this.#used === segmentBytes) {
        this.#segments.push(new Uint8Array(segmentBytes));
        this.#used = 0;
      }
      const count = Math.min(part.length - from, segmentBytes - this.#used);
      this.#segments.at(-1)?.set(part.subarray(from, from + count), this.#used);
      this.#used += count;
      from += count;
    }
    if (!constantParts.has(part)) freeMemory(part);
  }

  all(): Uint8Array[] {
    const last = this.#segments.pop();
    return last ? [...this.#segments, last.subarray(0, this.#used)] : [];
  }
}

/** Frees each part as soon as it is copied. */
function join(parts: Uint8Array[]): Uint8Array {
  const file = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
    if (!constantParts.has(part)) freeMemory(part);
  }
  return file;
}

/** Scanlines from the top, several at a time, each after its filter byte. All stripes share one buffer. */
function* stripesOf(picture: PictureRows): Generator<Uint8Array> {
  const { width, height, channels } = picture;
  const writeLine = channels === 1 ? plainLines(picture) : filteredLines(picture, channels);
  const line = width * channels + 1;
  const rows = Math.min(height, Math.max(1, Math.round(stripeBytes / line)));
  const buffer = new Uint8Array(rows * line);
  for (let from = 0; from < height; from += rows) {
    const count = Math.min(rows, height - from);
    for (let row = 0; row < count; row++) writeLine(from + row, buffer, row * line);
    yield buffer.subarray(0, count * line);
  }
}

function plainLines({ writeRow }: PictureRows): RowSource {
  return (row, target, start) => {
    target[start] = filters.none;
    writeRow(row, target, start + 1);
  };
}

function filteredLines({ width, writeRow }: PictureRows, channels: number): RowSource {
  // The pixel before the first one counts as black.
  const samples = new Uint8Array(channels + width * channels);
  return (row, target, start) => {
    writeRow(row, samples, channels);
    target[start] = filters.sub;
    subtractLeft(samples, channels, target, start + 1);
  };
}

function deflateStripe(stripe: Uint8Array): Uint8Array | Promise<Uint8Array> {
  return isFlat(stripe) ? deflateRuns(stripe.slice()) : deflateLiterals(stripe);
}

/** On Node's thread pool, while the next stripes are drawn. */
async function deflateRuns(stripe: Uint8Array): Promise<Uint8Array> {
  return await deflate(stripe, {
    strategy: constants.Z_RLE,
    level: 1,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
}

/**
 * Whether most samples equal their neighbour, so that a search for runs is worthwhile. In noise it saves a tenth of the
 * size and takes several times as long.
 */
function isFlat(stripe: Uint8Array): boolean {
  let looked = 0;
  let equal = 0;
  for (let index = 1; index < stripe.length; index += sampleEvery) {
    looked++;
    if (stripe[index] === stripe[index - 1]) equal++;
  }
  return equal > looked * flatShare;
}

function header({ width, height, channels }: PictureRows): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  // Bit depth 8, colour type; compression 0, filter method 0, no interlace.
  data.writeUInt8(8, 8);
  data.writeUInt8(colourTypes[channels], 9);
  return data;
}

function chunk(type: string, parts: Uint8Array[]): Uint8Array[] {
  const name = Buffer.from(type, 'latin1');
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const check = [name, ...parts].reduce((crc, part) => crc32(part, crc), 0);
  return [bigEndian(length), name, ...parts, bigEndian(check)];
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const adlerBase = 65_521;

/**
 * Continues an Adler-32 (RFC 1950) with `data`. Node does not export zlib's function, but a stream of stored blocks
 * ends with it, which takes a quarter of the time of a loop. The two are combined as in zlib's `adler32_combine`.
 */
function adler32(data: Uint8Array, before: number): number {
  const stored = deflateSync(data, { level: 0, chunkSize: data.length + 1_024 });
  const own = stored.readUInt32BE(stored.length - 4);
  const lowBefore = before & 0xffff;
  const low = lowBefore + (own & 0xffff) - 1;
  const high = (before >>> 16) + (own >>> 16) + (data.length % adlerBase) * (lowBefore - 1);
  return modulo(high, adlerBase) * 65_536 + modulo(low, adlerBase);
}

function modulo(value: number, base: number): number {
  return ((value % base) + base) % base;
}
