import { Readable } from 'node:stream';
import { constants, createInflate } from 'node:zlib';
import { BrokenStructure, type Survey } from './survey.ts';

/** Samples a pixel by colour type (ISO/IEC 15948, table 11.1). */
const samples: Record<number, number> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };
const headerBytes = 33;

/** A PNG has about ten chunks, one with small IDATs some thousands. */
const mostChunks = 200_000;

interface PngStructure {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  interlaced: boolean;
  transparent: boolean;
  frames: number;
  /** Contents of the IDAT chunks, the last as far as it goes. */
  data: Buffer[];
  hasEnd: boolean;
}

export function surveyPng(bytes: Buffer): Survey {
  const png = readPng(bytes);
  return {
    width: png.width,
    height: png.height,
    frames: png.frames,
    depth: png.depth > 8 ? 16 : 8,
    channels: (samples[png.colourType] ?? 4) + (png.transparent && png.colourType !== 6 ? 1 : 0),
    passes: png.interlaced ? 7 : 1,
    whole: png.interlaced,
    missing: png.data.length === 0 ? 1 : 0,
  };
}

/** Frames of an APNG are counted as they are stated and as they are there: either may be the lie. */
function readPng(bytes: Buffer): PngStructure {
  if (bytes.length < headerBytes || bytes.toString('latin1', 12, 16) !== 'IHDR') {
    throw new BrokenStructure('No IHDR.');
  }
  const png: PngStructure = {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    depth: bytes.readUInt8(24),
    colourType: bytes.readUInt8(25),
    interlaced: bytes.readUInt8(28) === 1,
    transparent: false,
    frames: 1,
    data: [],
    hasEnd: false,
  };
  if (png.width === 0 || png.height === 0) throw new BrokenStructure('No size in the IHDR.');
  let controls = 0;
  let chunks = 0;
  for (let at = 8; at + 8 <= bytes.length; ) {
    if (++chunks > mostChunks) throw new BrokenStructure('Too many chunks.');
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const end = at + 8 + length;
    if (type === 'IDAT') png.data.push(bytes.subarray(at + 8, Math.min(end, bytes.length)));
    if (type === 'tRNS') png.transparent = true;
    if (type === 'acTL' && at + 12 <= bytes.length)
      png.frames = Math.max(png.frames, bytes.readUInt32BE(at + 8));
    if (type === 'fcTL') controls++;
    if (type === 'IEND') {
      png.hasEnd = true;
      break;
    }
    at = end + 4;
  }
  png.frames = Math.max(png.frames, controls);
  return png;
}

/**
 * Share of the picture's scanlines that the file ends before, 0..1; null where its data is damaged and not cut. A file
 * may be cut and have all of them: what it lacks are checksums.
 */
export async function missingOfPng(bytes: Buffer): Promise<number | null> {
  const png = readPng(bytes);
  const expected = rawBytes(png);
  const present = await inflatedBytes(png.data, expected);
  if (present === null || (present >= expected && png.hasEnd)) return null;
  return Math.max(0, 1 - present / expected);
}

/**
 * How far data can be inflated, and never further than `most`; null where it is damaged before that. Nothing of it is
 * kept: that of a large picture would not fit beside it.
 */
async function inflatedBytes(data: readonly Buffer[], most: number): Promise<number | null> {
  const source = Readable.from(data);
  const inflated = source.pipe(
    createInflate({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 1024 * 1024 }),
  );
  let count = 0;
  try {
    for await (const part of inflated) {
      count += (part as Buffer).length;
      if (count >= most) break;
    }
    return count;
  } catch {
    return null;
  } finally {
    source.destroy();
  }
}

/** Bytes of all scanlines, filter bytes included; of an interlaced picture those of its seven passes. */
function rawBytes({ width, height, depth, colourType, interlaced }: PngStructure): number {
  const bits = depth * (colourType === 3 ? 1 : (samples[colourType] ?? 4));
  const pass = (across: number, down: number) =>
    across === 0 || down === 0 ? 0 : (1 + Math.ceil((across * bits) / 8)) * down;
  if (!interlaced) return pass(width, height);
  return adam7.reduce(
    (sum, [x, y, stepX, stepY]) =>
      sum + pass(Math.ceil((width - x) / stepX), Math.ceil((height - y) / stepY)),
    0,
  );
}

/** First column and row of each pass, and the steps from there (ISO/IEC 15948, 8.2). */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
