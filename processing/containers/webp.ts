import { BrokenStructure, type Survey } from './survey.ts';

/** Chunks past this number are not looked at: frames alone are then over every limit. */
const mostChunks = 1_000_000;

/** The RIFF container of WebP (RFC 9649). Frames are counted by their headers; none of their data is looked at. */
export function surveyWebp(bytes: Buffer): Survey {
  if (bytes.length < 20) throw new BrokenStructure('No chunk.');
  let canvas: { width: number; height: number } | null = null;
  let picture: { width: number; height: number; lossless: boolean } | null = null;
  let frames = 0;
  let alpha = false;
  let missing: number | null = null;
  let at = 12;
  for (let chunks = 0; at + 8 <= bytes.length && chunks < mostChunks; chunks++) {
    const type = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    const from = at + 8;
    const present = Math.min(length, bytes.length - from);
    const data = bytes.subarray(from, from + present);
    if (type === 'VP8X' && present >= 10) {
      alpha ||= (data.readUInt8(0) & 0x10) !== 0;
      canvas = { width: 1 + data.readUIntLE(4, 3), height: 1 + data.readUIntLE(7, 3) };
    }
    if (type === 'VP8 ' || type === 'VP8L') {
      picture ??= sizeOf(type, data);
      missing ??= length === 0 ? 1 : 1 - present / length;
    }
    if (type === 'ANMF') {
      frames++;
      if (frames === 1) missing ??= length === 0 ? 1 : 1 - present / length;
    }
    at = afterChunk(bytes, at);
  }
  const size = canvas ?? picture;
  if (!size) throw new BrokenStructure('No size.');
  return {
    width: size.width,
    height: size.height,
    frames: Math.max(1, frames),
    depth: 8,
    channels: alpha || picture?.lossless ? 4 : 3,
    passes: 1,
    whole: true,
    missing: missing ?? 1,
  };
}

/**
 * The chunks of a WebP that are whole, as a file of its own: libwebp reads none that is shorter than its header says,
 * not even the first frame of it.
 * @returns null where the file is as long as it says.
 */
export function wholeChunksOfWebp(bytes: Buffer): Buffer | null {
  if (8 + bytes.readUInt32LE(4) <= bytes.length) return null;
  let end = 12;
  while (end + 8 <= bytes.length && end + 8 + bytes.readUInt32LE(end + 4) <= bytes.length) {
    end = afterChunk(bytes, end);
  }
  // The last chunk may lack the byte that makes its length even.
  const whole = Buffer.alloc(end);
  bytes.copy(whole);
  whole.writeUInt32LE(end - 8, 4);
  return whole;
}

function afterChunk(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at + 4);
  return at + 8 + length + (length & 1);
}

function sizeOf(type: string, data: Buffer) {
  if (type === 'VP8 ') {
    if (data.length < 10) return null;
    return {
      width: data.readUInt16LE(6) & 0x3fff,
      height: data.readUInt16LE(8) & 0x3fff,
      lossless: false,
    };
  }
  if (data.length < 5) return null;
  const bits = data.readUInt32LE(1);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), lossless: true };
}
