/** Bytes of pixels in one strip. libvips copies strip by strip, so one large strip would be copied as a whole. */
const stripBytes = 256 * 1024;

const short = 3;
const long = 4;
const undefinedType = 7;
const unitBytes: Record<number, number> = { [short]: 2, [long]: 4, [undefinedType]: 1 };

interface Entry {
  tag: number;
  type: number;
  values: number[] | Uint8Array;
}

export interface TiffLayout {
  width: number;
  height: number;
  /** RGB, or RGB and an alpha that is not multiplied into them. */
  channels: 3 | 4;
  /** ICC profile of the samples; sRGB if there is none. */
  profile: Uint8Array | null;
}

/**
 * An uncompressed TIFF without its pixels: write interleaved 8-bit samples from `pixelsAt` on. In this form pixels that
 * were decoded elsewhere reach libvips with a colour profile, which sharp's raw input does not accept.
 */
export function layOutTiff(layout: TiffLayout): { file: Buffer<ArrayBuffer>; pixelsAt: number } {
  // Offsets of strips have a fixed length, so a first round finds the start of the pixels.
  const pixelsAt = headerOf(layout, 0).length;
  const file = Buffer.allocUnsafeSlow(pixelsAt + layout.width * layout.height * layout.channels);
  headerOf(layout, pixelsAt).copy(file);
  return { file, pixelsAt };
}

function headerOf({ width, height, channels, profile }: TiffLayout, pixelsAt: number): Buffer {
  const rowBytes = width * channels;
  const rowsPerStrip = Math.max(1, Math.floor(stripBytes / rowBytes));
  const strips = Array.from({ length: Math.ceil(height / rowsPerStrip) }, (_, index) => index * rowsPerStrip);
  const entries: Entry[] = [
    { tag: 256, type: long, values: [width] },
    { tag: 257, type: long, values: [height] },
    { tag: 258, type: short, values: Array(channels).fill(8) },
    { tag: 259, type: short, values: [1] }, // not compressed
    { tag: 262, type: short, values: [2] }, // RGB
    { tag: 273, type: long, values: strips.map((row) => pixelsAt + row * rowBytes) },
    { tag: 277, type: short, values: [channels] },
    { tag: 278, type: long, values: [rowsPerStrip] },
    { tag: 279, type: long, values: strips.map((row) => Math.min(rowsPerStrip, height - row) * rowBytes) },
    { tag: 284, type: short, values: [1] }, // interleaved
  ];
  if (channels === 4) entries.push({ tag: 338, type: short, values: [2] }); // alpha, not multiplied in
  if (profile) entries.push({ tag: 34_675, type: undefinedType, values: profile });
  return serialise(entries);
}

function serialise(entries: Entry[]): Buffer {
  const directoryBytes = 2 + entries.length * 12 + 4;
  const start = Buffer.alloc(8 + directoryBytes);
  start.write('II*\0', 'latin1');
  start.writeUInt32LE(8, 4);
  start.writeUInt16LE(entries.length, 8);
  const parts: Buffer[] = [start];
  let end = start.length;
  for (const [index, { tag, type, values }] of entries.entries()) {
    const at = 10 + index * 12;
    start.writeUInt16LE(tag, at);
    start.writeUInt16LE(type, at + 2);
    start.writeUInt32LE(values.length, at + 4);
    const bytes = packed(values, unitBytes[type] ?? 1);
    if (bytes.length <= 4) {
      bytes.copy(start, at + 8);
    } else {
      start.writeUInt32LE(end, at + 8);
      parts.push(bytes);
      end += bytes.length;
    }
  }
  return Buffer.concat(parts);
}

/** Values in little-endian units, with an even number of bytes: TIFF wants every offset even. */
function packed(values: number[] | Uint8Array, unit: number): Buffer {
  const bytes = Buffer.alloc(values.length * unit + ((values.length * unit) % 2));
  for (const [index, value] of values.entries()) bytes.writeUIntLE(value, index * unit, unit);
  return bytes;
}
