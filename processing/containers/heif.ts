import { boxesOf, primaryItemOf, readMetaBox } from '../heif-boxes.ts';
import { BrokenStructure, type Survey } from './survey.ts';

/** What the index of a HEIF container (ISO/IEC 23008-12) says of the picture that a viewer shows. */
interface Index {
  primary: number;
  /** Where the data of each item lies: bytes from the start of the file. Items within the index itself have none. */
  extents: Map<number, { offset: number; length: number }[]>;
  /** Items that each item is made of or goes with: tiles of a grid, its alpha. */
  parts: Map<number, number[]>;
  properties: { type: string; content: Buffer }[];
  /** Properties of each item, counted from 1. */
  associations: Map<number, number[]>;
}

/** @returns what the container says, or null where it has no pictures outside of tracks. */
export async function surveyHeif(path: string, bytes: Buffer): Promise<Survey | null> {
  try {
    const meta = await readMetaBox(path);
    if (!meta) return null;
    const index = readIndex(meta);
    const items = itemsOf(index);
    const size = largestOf(index, items);
    if (!size) throw new BrokenStructure('No size.');
    return {
      ...size,
      frames: Math.max(1, samplesOfTracks(bytes)),
      depth: depthOf(index, items),
      channels: items.length > 1 && hasAlpha(index) ? 4 : 3,
      passes: 1,
      whole: true,
      missing: missingOf(index, items, bytes.length),
    };
  } catch (error) {
    if (error instanceof RangeError) throw new BrokenStructure(error.message);
    throw error;
  }
}

/** Items beyond this many are not looked at; libheif takes no more than 1,000. */
const mostItems = 4_096;

function readIndex(meta: Buffer): Index {
  const index: Index = {
    primary: -1,
    extents: new Map(),
    parts: new Map(),
    properties: [],
    associations: new Map(),
  };
  for (const { type, content } of boxesOf(meta)) {
    if (type === 'pitm') index.primary = primaryItemOf(content);
    if (type === 'iloc') readLocations(content, index.extents);
    if (type === 'iref') readReferences(content, index.parts);
    if (type === 'iprp') readProperties(content, index);
  }
  return index;
}

/** Big-endian numbers one after another. */
class Fields {
  readonly #bytes: Buffer;
  #at: number;
  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }
  /** @throws RangeError past the end. */
  next(width: number): number {
    if (width === 0) return 0;
    if (this.#at + width > this.#bytes.length) throw new RangeError('A box ends too early.');
    let value = 0;
    for (let index = 0; index < width; index++) value = value * 256 + (this.#bytes[this.#at++] as number);
    return value;
  }
  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }
}

/** `iloc`, ISO/IEC 14496-12, 8.11.3. */
function readLocations(content: Buffer, extents: Index['extents']): void {
  const fields = new Fields(content);
  const version = fields.next(1);
  fields.next(3);
  const sizes = fields.next(2);
  const [ofOffset, ofLength, ofBase, ofIndex] = [
    sizes >> 12,
    (sizes >> 8) & 15,
    (sizes >> 4) & 15,
    sizes & 15,
  ];
  const count = fields.next(version < 2 ? 2 : 4);
  for (let item = 0; item < Math.min(count, mostItems); item++) {
    const id = fields.next(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : fields.next(2) & 15;
    fields.next(2);
    const base = fields.next(ofBase);
    const found = [];
    for (let left = fields.next(2); left > 0; left--) {
      if (version > 0) fields.next(ofIndex);
      const offset = base + fields.next(ofOffset);
      found.push({ offset, length: fields.next(ofLength) });
    }
    if (method === 0) extents.set(id, found);
  }
}

/** `iref`, 8.11.12: tiles of a grid (`dimg`), and what is an auxiliary of another (`auxl`). */
function readReferences(content: Buffer, parts: Index['parts']): void {
  const width = content.readUInt8(0) === 0 ? 2 : 4;
  for (const { type, content: reference } of boxesOf(content.subarray(4))) {
    if (type !== 'dimg' && type !== 'auxl') continue;
    const fields = new Fields(reference);
    const from = fields.next(width);
    for (let left = Math.min(fields.next(2), mostItems); left > 0; left--) {
      const to = fields.next(width);
      const [whole, part] = type === 'dimg' ? [from, to] : [to, from];
      const known = parts.get(whole);
      if (known) known.push(part);
      else parts.set(whole, [part]);
    }
  }
}

/** `iprp`, ISO/IEC 23008-12, 9.3. */
function readProperties(content: Buffer, index: Index): void {
  for (const { type, content: inner } of boxesOf(content)) {
    if (type === 'ipco') index.properties = [...boxesOf(inner)];
    if (type !== 'ipma') continue;
    const fields = new Fields(inner);
    const version = fields.next(1);
    const isWide = (fields.next(3) & 1) === 1;
    for (let left = Math.min(fields.next(4), mostItems); left > 0; left--) {
      const id = fields.next(version < 1 ? 2 : 4);
      const own = [];
      for (let count = fields.next(1); count > 0; count--) {
        own.push(isWide ? fields.next(2) & 0x7fff : fields.next(1) & 0x7f);
      }
      index.associations.set(id, own);
    }
  }
}

/** The primary item and all that it is made of. */
function itemsOf({ primary, parts }: Index): number[] {
  const items = new Set([primary]);
  for (const item of items) {
    for (const part of parts.get(item) ?? []) if (items.size < mostItems) items.add(part);
  }
  return [...items];
}

function propertiesOf({ properties, associations }: Index, item: number, type: string): Buffer[] {
  const own = (associations.get(item) ?? []).map((place) => properties[place - 1]);
  return own.flatMap((property) => (property?.type === type ? [property.content] : []));
}

/** The decoder meets the primary item and its parts: whichever is the largest counts. */
function largestOf(index: Index, items: number[]): { width: number; height: number } | null {
  let largest: { width: number; height: number } | null = null;
  for (const item of items) {
    for (const ispe of propertiesOf(index, item, 'ispe')) {
      const size = { width: ispe.readUInt32BE(4), height: ispe.readUInt32BE(8) };
      if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
    }
  }
  return largest && largest.width * largest.height > 0 ? largest : null;
}

function depthOf(index: Index, items: number[]): number {
  const depths = items.flatMap((item) => [
    ...propertiesOf(index, item, 'pixi').map((pixi) => pixi[5] ?? 8),
    // AV1 (AV1-ISOBMFF, 2.3): high_bitdepth and twelve_bit; HEVC (ISO/IEC 14496-15, 8.3.3): bitDepthLumaMinus8.
    ...propertiesOf(index, item, 'av1C').map((av1c) =>
      ((av1c[2] ?? 0) & 0x40) === 0 ? 8 : ((av1c[2] ?? 0) & 0x20) === 0 ? 10 : 12,
    ),
    ...propertiesOf(index, item, 'hvcC').map((hvcc) => 8 + ((hvcc[17] ?? 0) & 7)),
  ]);
  return Math.min(16, Math.max(8, ...depths));
}

function hasAlpha(index: Index): boolean {
  return index.properties.some(
    ({ type, content }) => type === 'auxC' && content.toString('latin1').includes('alpha'),
  );
}

function missingOf({ extents }: Index, items: number[], fileBytes: number): number {
  let total = 0;
  let missing = 0;
  for (const item of items) {
    for (const { offset, length } of extents.get(item) ?? []) {
      total += length;
      missing += Math.min(length, Math.max(0, offset + length - fileBytes));
    }
  }
  return total === 0 ? 0 : missing / total;
}

const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

/** Samples of the longest track, by its `stsz` (ISO/IEC 14496-12, 8.7.3). */
export function samplesOfTracks(bytes: Buffer): number {
  let most = 0;
  const walk = (part: Buffer, depth: number) => {
    for (const { type, content } of boxesOf(part)) {
      if (type === 'stsz' && content.length >= 12) most = Math.max(most, content.readUInt32BE(8));
      if (containers.has(type) && depth < 6) walk(content, depth + 1);
    }
  };
  try {
    walk(bytes, 0);
  } catch (error) {
    // The file ends within a box: what was found until then counts.
    if (!(error instanceof RangeError)) throw error;
  }
  return most;
}
