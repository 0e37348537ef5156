import { type CodedColours, codedColours } from './code-points.ts';

const sequenceHeaderType = 1;

/**
 * The colours that an `av1C` box names in its AV1 sequence header (AV1 bitstream specification, 5.5), null where it
 * names none. Encoders may leave them out of the container.
 * @throws RangeError for a box that ends too early.
 */
export function av1Colours(av1C: Buffer): CodedColours | null {
  const units = new BitReader(av1C.subarray(4));
  units.skip(1);
  const type = units.read(4);
  const hasExtension = units.flag();
  const hasSize = units.flag();
  units.skip(1 + (hasExtension ? 8 : 0));
  if (type !== sequenceHeaderType) return null;
  // leb128: seven bits a byte, the upper bit says that more follow.
  if (hasSize) while (units.read(8) >= 0x80);
  return coloursOfSequence(units);
}

function coloursOfSequence(bits: BitReader): CodedColours | null {
  const profile = bits.read(3);
  bits.skip(1); // still picture
  const isReduced = bits.flag();
  if (isReduced) bits.skip(5);
  else if (!skipOperatingPoints(bits)) return null;
  const widthBits = bits.read(4) + 1;
  const heightBits = bits.read(4) + 1;
  bits.skip(widthBits + heightBits);
  if (!isReduced && bits.flag()) bits.skip(7); // lengths of frame numbers
  bits.skip(3); // 128-pixel superblocks, filter intra, intra edge filter
  if (!isReduced) skipInterTools(bits);
  bits.skip(3); // superres, CDEF, loop restoration
  const isDeep = bits.flag();
  if (profile === 2 && isDeep) bits.skip(1);
  if (profile !== 1) bits.skip(1); // monochrome
  const isDescribed = bits.flag();
  return isDescribed ? codedColours(bits.read(8), bits.read(8)) : null;
}

/** False where the stream keeps time, which only films do. */
function skipOperatingPoints(bits: BitReader): boolean {
  if (bits.flag()) return false;
  const hasDelays = bits.flag();
  const points = bits.read(5) + 1;
  for (let point = 0; point < points; point++) {
    bits.skip(12);
    if (bits.read(5) > 7) bits.skip(1);
    if (hasDelays && bits.flag()) bits.skip(4);
  }
  return true;
}

function skipInterTools(bits: BitReader): void {
  bits.skip(4); // inter-intra, masked, warped motion, dual filter
  const hasOrderHint = bits.flag();
  if (hasOrderHint) bits.skip(2);
  const usesScreenContent = bits.flag() || bits.flag();
  if (usesScreenContent && !bits.flag()) bits.skip(1);
  if (hasOrderHint) bits.skip(3);
}

/** Bits of a byte string, the highest of each byte first. */
class BitReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++, this.#at++) {
      const bit = (this.#bytes.readUInt8(this.#at >> 3) >> (7 - (this.#at & 7))) & 1;
      value = value * 2 + bit;
    }
    return value;
  }

  flag(): boolean {
    return this.read(1) === 1;
  }

  skip(count: number): void {
    this.#at += count;
  }
}
