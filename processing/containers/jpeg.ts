import { BrokenStructure, ForeignKind, type Survey } from './survey.ts';

/** One component of a frame (ITU-T T.81, B.2.2). */
export interface JpegComponent {
  id: number;
  horizontal: number;
  vertical: number;
}

/** One scan header (B.2.3) with the tables that are valid for it. */
export interface JpegScan {
  components: { component: JpegComponent; dc: HuffmanTable | null; ac: HuffmanTable | null }[];
  spectralStart: number;
  spectralEnd: number;
  /** Bit position of this scan and of the one before (0 for none). */
  low: number;
  high: number;
  /** MCUs between restart markers, 0 for none. */
  restartInterval: number;
  /** Where its entropy-coded data begins and ends. */
  start: number;
  end: number;
}

/** `BITS` and `HUFFVAL` of B.2.4.2. */
export interface HuffmanTable {
  counts: Uint8Array;
  values: Uint8Array;
}

export interface JpegStructure {
  width: number;
  height: number;
  precision: number;
  progressive: boolean;
  /** Lossless and arithmetic coding, which are rare, are left to libjpeg. */
  huffman: boolean;
  components: JpegComponent[];
  scans: JpegScan[];
  hasEnd: boolean;
}

/** Frames that libjpeg does not decode, by their marker. */
const foreignFrames: Record<number, string> = {
  197: 'a hierarchical JPEG',
  198: 'a hierarchical JPEG',
  199: 'a hierarchical JPEG',
  205: 'a hierarchical JPEG',
  206: 'a hierarchical JPEG',
  207: 'a hierarchical JPEG',
  247: 'a JPEG-LS',
};

/** Frames that it does: baseline, extended, progressive, lossless; the same with arithmetic coding. */
const frames = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc9, 0xca, 0xcb]);

const marker = { tables: 0xc4, start: 0xd8, end: 0xd9, scan: 0xda, restartInterval: 0xdd } as const;

export function surveyJpeg(bytes: Buffer): Survey {
  const { width, height, components, progressive, scans, hasEnd } = readJpeg(bytes);
  return {
    width,
    height,
    frames: 1,
    depth: 8,
    // Chroma of half the resolution takes a quarter of the memory.
    channels: samplesPerPixel(components),
    passes: scans.length,
    whole: progressive || scans.length > 1,
    // How much of the data is there only a decoder tells; one that has no scan has nothing.
    missing: scans.length === 0 && !hasEnd ? 1 : 0,
  };
}

function samplesPerPixel(components: JpegComponent[]): number {
  const horizontal = Math.max(...components.map((one) => one.horizontal));
  const vertical = Math.max(...components.map((one) => one.vertical));
  const samples = components.reduce((sum, one) => sum + one.horizontal * one.vertical, 0);
  return samples / (horizontal * vertical);
}

/**
 * Reads the markers of a JPEG up to its end or that of the file.
 * @throws BrokenStructure where there is no frame; ForeignKind where libjpeg does not read such.
 */
export function readJpeg(bytes: Buffer): JpegStructure {
  const tables = { dc: new Map<number, HuffmanTable>(), ac: new Map<number, HuffmanTable>() };
  const scans: JpegScan[] = [];
  let frame: Omit<JpegStructure, 'scans' | 'hasEnd'> | null = null;
  let restartInterval = 0;
  let at = 2;
  let hasEnd = false;
  while (at < bytes.length) {
    at = nextMarker(bytes, at);
    if (at < 0) break;
    const kind = bytes[at + 1] as number;
    at += 2;
    if (kind === marker.end) {
      hasEnd = true;
      break;
    }
    if (standsAlone(kind)) continue;
    if (at + 2 > bytes.length) break;
    const length = bytes.readUInt16BE(at);
    const segment = bytes.subarray(at + 2, at + Math.max(2, length));
    at += Math.max(2, length);
    if (at > bytes.length) break;
    const foreign = foreignFrames[kind];
    if (foreign) throw new ForeignKind(foreign);
    if (frames.has(kind)) frame ??= readFrame(segment, kind);
    else if (kind === marker.tables) readTables(segment, tables);
    else if (kind === marker.restartInterval && segment.length >= 2)
      restartInterval = segment.readUInt16BE(0);
    else if (kind === marker.scan && frame) {
      const end = endOfScan(bytes, at);
      const scan = readScan(segment, frame.components, tables);
      if (scan) scans.push({ ...scan, restartInterval, start: at, end });
      at = end;
    }
  }
  if (!frame) throw new BrokenStructure('No frame header.');
  return { ...frame, scans, hasEnd };
}

/** Position of the next marker's 0xFF, or -1. Stray bytes before it are passed over, as libjpeg does. */
function nextMarker(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined) return -1;
    if (next !== 0 && next !== 0xff) return at;
  }
  return -1;
}

function standsAlone(kind: number): boolean {
  return kind === 0x01 || kind === marker.start || (kind >= 0xd0 && kind <= 0xd7);
}

/** Entropy-coded data goes on over stuffed zeros and restart markers. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = nextMarker(bytes, from); at >= 0; at = nextMarker(bytes, at + 2)) {
    const kind = bytes[at + 1] as number;
    if (kind < 0xd0 || kind > 0xd7) return at;
  }
  return bytes.length;
}

function readFrame(segment: Buffer, kind: number) {
  const count = segment[5] ?? 0;
  if (count === 0 || segment.length < 6 + 3 * count) throw new BrokenStructure('A cut frame header.');
  const precision = segment.readUInt8(0);
  if (precision !== 8) throw new ForeignKind(`a JPEG with ${precision} bits a sample`);
  const components = Array.from({ length: count }, (_, index) => {
    const at = 6 + 3 * index;
    const sampling = segment.readUInt8(at + 1);
    return { id: segment.readUInt8(at), horizontal: sampling >> 4, vertical: sampling & 15 };
  });
  const odd = components.some(
    (one) => one.horizontal < 1 || one.horizontal > 4 || one.vertical < 1 || one.vertical > 4,
  );
  if (odd) throw new BrokenStructure('Sampling factors out of range.');
  const height = segment.readUInt16BE(1);
  const width = segment.readUInt16BE(3);
  if (height === 0 || width === 0) throw new BrokenStructure('No size in the frame header.');
  const progressive = kind === 0xc2 || kind === 0xca;
  return { width, height, precision, progressive, huffman: kind <= 0xc2, components };
}

function readTables(
  segment: Buffer,
  tables: { dc: Map<number, HuffmanTable>; ac: Map<number, HuffmanTable> },
): void {
  for (let at = 0; at + 17 <= segment.length; ) {
    const target = segment.readUInt8(at);
    const counts = segment.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const values = segment.subarray(at + 17, at + 17 + total);
    (target >> 4 === 0 ? tables.dc : tables.ac).set(target & 15, { counts, values });
    at += 17 + total;
  }
}

function readScan(
  segment: Buffer,
  components: JpegComponent[],
  tables: { dc: Map<number, HuffmanTable>; ac: Map<number, HuffmanTable> },
) {
  const count = segment[0] ?? 0;
  if (count < 1 || count > 4 || segment.length < 4 + 2 * count) return null;
  const inScan = [];
  for (let index = 0; index < count; index++) {
    const id = segment.readUInt8(1 + 2 * index);
    const selectors = segment.readUInt8(2 + 2 * index);
    const component = components.find((one) => one.id === id);
    if (!component) return null;
    inScan.push({
      component,
      dc: tables.dc.get(selectors >> 4) ?? null,
      ac: tables.ac.get(selectors & 15) ?? null,
    });
  }
  const at = 1 + 2 * count;
  const approximation = segment.readUInt8(at + 2);
  return {
    components: inScan,
    spectralStart: segment.readUInt8(at),
    spectralEnd: segment.readUInt8(at + 1),
    low: approximation & 15,
    high: approximation >> 4,
  };
}
