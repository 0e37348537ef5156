import { BrokenStructure, type Survey } from './survey.ts';

interface GifFrame {
  width: number;
  height: number;
  left: number;
  top: number;
  /** Offset of its code size, which its data blocks follow. */
  dataAt: number;
}

/** Frames are counted by walking the blocks: nothing states their number (GIF89a, sections 20 to 26). */
export function surveyGif(bytes: Buffer): Survey {
  const { width, height, frames, firstIsCut } = readGif(bytes);
  return {
    width,
    height,
    frames: Math.max(1, frames.length),
    depth: 8,
    channels: 4,
    passes: 1,
    whole: true,
    missing: frames.length === 0 ? 1 : firstIsCut ? missingOfGif(bytes) : 0,
  };
}

/** Frames past this number are not looked for: it is over every limit. */
const mostFrames = 1_000_000;

function readGif(bytes: Buffer) {
  if (bytes.length < 13) throw new BrokenStructure('No screen descriptor.');
  let width = bytes.readUInt16LE(6);
  let height = bytes.readUInt16LE(8);
  const frames: GifFrame[] = [];
  let firstIsCut = false;
  let at = 13 + tableBytes(bytes.readUInt8(10));
  while (at < bytes.length && frames.length < mostFrames) {
    const kind = bytes[at];
    if (kind === 0x21) at = afterBlocks(bytes, at + 2);
    else if (kind === 0x2c && at + 11 <= bytes.length) {
      const frame = {
        left: bytes.readUInt16LE(at + 1),
        top: bytes.readUInt16LE(at + 3),
        width: bytes.readUInt16LE(at + 5),
        height: bytes.readUInt16LE(at + 7),
        dataAt: at + 10 + tableBytes(bytes.readUInt8(at + 9)),
      };
      frames.push(frame);
      at = afterBlocks(bytes, frame.dataAt + 1);
      if (frames.length === 1) firstIsCut = at >= bytes.length && bytes[at - 1] !== 0;
    } else break;
  }
  // Browsers and libnsgif take a screen as large as its first frame reaches.
  const [first] = frames;
  width = Math.max(width, first ? first.left + first.width : 0);
  height = Math.max(height, first ? first.top + first.height : 0);
  if (width === 0 || height === 0) throw new BrokenStructure('No size.');
  return { width, height, frames, firstIsCut };
}

function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

function afterBlocks(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const length = bytes[at] as number;
    at += 1 + length;
    if (length === 0) break;
  }
  return at;
}

/** Share of the first frame's pixels that its codes do not reach, 0..1: LZW without the colours (appendix F). */
export function missingOfGif(bytes: Buffer): number {
  const [frame] = readGif(bytes).frames;
  if (!frame) return 1;
  const total = frame.width * frame.height;
  const codeSize = bytes[frame.dataAt] ?? 0;
  if (codeSize < 1 || codeSize > 11 || total === 0) return 1;
  return Math.max(0, 1 - pixelsOf(dataOf(bytes, frame.dataAt + 1), codeSize, total) / total);
}

function dataOf(bytes: Buffer, from: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = from; at < bytes.length && bytes[at] !== 0; at += 1 + (bytes[at] as number)) {
    blocks.push(bytes.subarray(at + 1, Math.min(bytes.length, at + 1 + (bytes[at] as number))));
  }
  return Buffer.concat(blocks);
}

function pixelsOf(data: Buffer, codeSize: number, most: number): number {
  const clear = 1 << codeSize;
  /** Pixels of each code. */
  const lengths = new Uint32Array(4_096).fill(1, 0, clear);
  let next = clear + 2;
  let width = codeSize + 1;
  let previous = -1;
  let pixels = 0;
  let pending = 0;
  let count = 0;
  for (let at = 0; at < data.length && pixels < most; ) {
    while (count < width && at < data.length) {
      pending |= (data[at++] as number) << count;
      count += 8;
    }
    while (count >= width && pixels < most) {
      const code = pending & ((1 << width) - 1);
      pending >>>= width;
      count -= width;
      if (code === clear + 1) return pixels;
      if (code === clear) {
        next = clear + 2;
        width = codeSize + 1;
        previous = -1;
        continue;
      }
      if (code > next || (code === next && previous < 0)) return pixels;
      if (previous >= 0 && next < 4_096) lengths[next++] = (lengths[previous] as number) + 1;
      if (next === 1 << width && width < 12) width++;
      pixels += lengths[code] as number;
      previous = code;
    }
  }
  return pixels;
}
