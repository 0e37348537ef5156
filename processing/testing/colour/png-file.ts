import { crc32, deflateSync } from 'node:zlib';
import { text, u8, u32 } from '../big-endian.ts';

/** A PNG of one colour, of any depth and colour type, with whatever chunks a test wants in it. */
export interface FlatPng {
  /** Samples of one pixel, as they are stored; for a palette its colour. */
  pixel: readonly number[];
  depth?: 1 | 2 | 4 | 8 | 16;
  /** ISO/IEC 15948, table 11.1. */
  colourType: 'grey' | 'rgb' | 'palette' | 'grey-alpha' | 'rgba';
  /** Chunks between header and pixels. */
  chunks?: readonly PngChunk[];
  width?: number;
  height?: number;
}

export type PngChunk = readonly [type: string, content: Buffer];

const colourTypes = { grey: 0, rgb: 2, palette: 3, 'grey-alpha': 4, rgba: 6 };

export function flatPng({
  pixel,
  depth = 8,
  colourType,
  chunks = [],
  width = 24,
  height = 16,
}: FlatPng): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourTypes[colourType]], 8);
  const isPalette = colourType === 'palette';
  const samples = isPalette ? [0] : pixel;
  // Eight pixels fill whole bytes at any depth.
  const eight = packed(Array.from({ length: 8 }, () => samples).flat(), depth);
  const row = Buffer.alloc(1 + Math.ceil((width * samples.length * depth) / 8));
  row.fill(eight, 1);
  const rows = Buffer.alloc(row.length * height, row);
  return Buffer.concat([
    text('\x89PNG\r\n\x1a\n'),
    chunk('IHDR', header),
    ...chunks.map(([type, content]) => chunk(type, content)),
    ...(isPalette ? [chunk('PLTE', Buffer.from(pixel))] : []),
    chunk('IDAT', deflateSync(rows, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A finished PNG with one more chunk, the first after its header. */
export function withChunk(png: Buffer, [type, content]: PngChunk): Buffer {
  const headerEnd = 8 + 12 + 13;
  return Buffer.concat([png.subarray(0, headerEnd), chunk(type, content), png.subarray(headerEnd)]);
}

function packed(samples: number[], depth: number): Buffer {
  const bits = samples.map((sample) => sample.toString(2).padStart(depth, '0')).join('');
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

function chunk(type: string, content: Buffer): Buffer {
  const typed = Buffer.concat([text(type), content]);
  return Buffer.concat([u32(content.length), typed, u32(crc32(typed))]);
}

export function cicpChunk(primaries: number, transfer: number, matrix = 0, fullRange = 1): PngChunk {
  return ['cICP', u8(primaries, transfer, matrix, fullRange)];
}

/** @param gamma Exponent from light to value. */
export function gammaChunk(gamma: number): PngChunk {
  return ['gAMA', u32(Math.round(gamma * 100_000))];
}

/** @param xy White, red, green, blue. */
export function chromaticitiesChunk(...xy: number[]): PngChunk {
  return ['cHRM', u32(...xy.map((value) => Math.round(value * 100_000)))];
}

export const srgbChunk: PngChunk = ['sRGB', Buffer.from([1])];

export function profileChunk(profile: Buffer): PngChunk {
  return ['iCCP', Buffer.concat([text('test\0\0'), deflateSync(profile)])];
}
