import { huffmanCodes, huffmanLengths, lengthBits } from './huffman-codes.ts';

/** Two codes of this length and the bits left over from before fit in one word. Deflate itself allows 15. */
const maxCodeLength = 12;
const endOfBlock = 256;

/** Frequencies are estimated from one byte in this many. It is prime, so that the samples are not in columns. */
const sampleEvery = 17;

/**
 * Bytes for each call of the hot loops. V8 optimises a function that is called often, but a single long loop only by
 * on-stack replacement.
 */
const pieceBytes = 2_048;

/** Order in which deflate states the lengths of the codes for lengths (RFC 1951, 3.2.7): 19 of them, 0 to 15 used. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/**
 * Deflates `data` as one block of literals with its own Huffman codes. An empty stored block ends it on a byte
 * boundary. The result is like zlib's with Z_HUFFMAN_ONLY and Z_SYNC_FLUSH, several times as fast. The block is not the
 * final one.
 */
export function deflateLiterals(data: Uint8Array): Uint8Array {
  const lengths = huffmanLengths(estimateFrequencies(data), maxCodeLength);
  const codes = huffmanCodes(lengths);
  const bits = writerOf(data.length);
  writeHeader(bits, lengths);
  for (let from = 0; from < data.length; from += pieceBytes) {
    bits.writeCodes(codes, data, from, Math.min(from + pieceBytes, data.length));
  }
  bits.writeCode(codes[endOfBlock] ?? 0);
  bits.writeEmptyStoredBlock();
  return bits.written();
}

/** Frequencies of 256 byte values and of the end of the block, which occurs once. */
function estimateFrequencies(data: Uint8Array): Uint32Array {
  const frequencies = new Uint32Array(endOfBlock + 1);
  const piece = pieceBytes * sampleEvery;
  for (let from = 0; from < data.length; from += piece) {
    count(frequencies, data, from, Math.min(from + piece, data.length));
  }
  return frequencies;
}

function count(frequencies: Uint32Array, data: Uint8Array, from: number, to: number): void {
  for (let index = from; index < to; index += sampleEvery) {
    const symbol = data[index] as number;
    frequencies[symbol] = (frequencies[symbol] as number) + 1;
  }
}

/** Header of a dynamic block. It has the plain lengths, four bits each: repeat codes would save 0.1 %. */
function writeHeader(bits: BitWriter, lengths: Uint8Array): void {
  // Not final, dynamic codes.
  bits.write(0b100, 3);
  bits.write(lengths.length - 257, 5);
  // No distance occurs, but some decoders require two codes for them.
  bits.write(2 - 1, 5);
  bits.write(lengthOrder.length - 4, 4);
  for (const length of lengthOrder) bits.write(length < 16 ? 4 : 0, 3);
  const codeOfLength = huffmanCodes(new Uint8Array(16).fill(4));
  for (const length of [...lengths, 1, 1]) bits.writeCode(codeOfLength[length] ?? 0);
}

/** The most bytes of a header, an end, and a whole word after it. */
const spareBytes = 256;

/**
 * Kept between stripes and jobs, because fresh memory costs as much as filling it. Module state is safe here:
 * `deflateLiterals` awaits nothing, so that no two calls share it, and it hands out copies.
 */
let scratch = new Uint8Array(0);

function writerOf(symbols: number): BitWriter {
  const needed = Math.ceil((symbols * maxCodeLength) / 8) + spareBytes;
  if (scratch.length < needed) scratch = new Uint8Array(needed);
  return new BitWriter(scratch);
}

/** Writes bits to a large enough buffer, from the lowest bit of each byte up. */
class BitWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;
  /** Fewer than 8 bits that do not fill a byte yet. */
  #pending = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** At most 24 bits. */
  write(value: number, length: number): void {
    const pending = this.#pending | (value << this.#count);
    const total = this.#count + length;
    this.#view.setUint32(this.#position, pending, true);
    this.#position += total >>> 3;
    this.#pending = pending >>> (total & 24);
    this.#count = total & 7;
  }

  writeCode(entry: number): void {
    this.write(entry >>> lengthBits, entry & 15);
  }

  /** The codes of the bytes from `from` to `to` (exclusive): `writeCode` for two at a time, without a branch. */
  writeCodes(codes: Uint16Array, data: Uint8Array, from: number, to: number): void {
    const view = this.#view;
    let position = this.#position;
    let pending = this.#pending;
    let count = this.#count;
    const lastPair = to - 1;
    let index = from;
    for (; index < lastPair; index += 2) {
      const first = codes[data[index] as number] as number;
      const second = codes[data[index + 1] as number] as number;
      const firstLength = first & 15;
      pending |= ((first >>> lengthBits) | ((second >>> lengthBits) << firstLength)) << count;
      view.setUint32(position, pending, true);
      const total = count + firstLength + (second & 15);
      position += total >>> 3;
      pending >>>= total & 24;
      count = total & 7;
    }
    this.#position = position;
    this.#pending = pending;
    this.#count = count;
    if (index < to) this.writeCode(codes[data[index] as number] as number);
  }

  writeEmptyStoredBlock(): void {
    this.write(0, 3);
    this.write(0, (8 - this.#count) & 7);
    this.write(0, 16);
    this.write(0xffff, 16);
  }

  /** A copy of the whole bytes so far. */
  written(): Uint8Array {
    return this.#bytes.slice(0, this.#position);
  }
}
