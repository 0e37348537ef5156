import type { HuffmanTable, JpegComponent, JpegScan, JpegStructure } from './jpeg.ts';

/*
 * How much of a JPEG is there: its Huffman codes are read without making pixels of them (ITU-T T.81, annexes F.2 and
 * G.2). libjpeg fills what is missing with grey and says only that something is.
 */

/** Share of the picture that its data does not reach, 0..1. */
export function missingOfJpeg(bytes: Buffer, structure: JpegStructure): number {
  return structure.progressive
    ? missingOfProgressive(bytes, structure)
    : missingOfSequential(bytes, structure);
}

/** Of the area: blocks of every component that no scan has. */
function missingOfSequential(bytes: Buffer, structure: JpegStructure): number {
  const total = structure.components.reduce((sum, one) => sum + blocksOf(one, structure).count, 0);
  const done = structure.scans.reduce((sum, scan) => {
    const share = shareOfScan(bytes, scan, structure, null);
    return (
      sum + share * scan.components.reduce((all, one) => all + blocksOf(one.component, structure).count, 0)
    );
  }, 0);
  return Math.max(0, 1 - done / total);
}

/**
 * Of the coefficients of all blocks, each worth as much as it is precise: one whose lowest n bits have not come counts
 * as 2^-n.
 */
function missingOfProgressive(bytes: Buffer, structure: JpegStructure): number {
  const histories = new Map(
    structure.components.map((one) => [one, new History(blocksOf(one, structure).count)]),
  );
  let total = 0;
  for (const one of structure.components) total += blocksOf(one, structure).count * 64;
  let done = 0;
  for (const scan of structure.scans) {
    const share = shareOfScan(bytes, scan, structure, histories);
    const worth = 2 ** -scan.low - (scan.high === 0 ? 0 : 2 ** -scan.high);
    const band = scan.spectralEnd - scan.spectralStart + 1;
    for (const { component } of scan.components) {
      done += share * worth * band * blocksOf(component, structure).count;
    }
  }
  return Math.max(0, 1 - done / total);
}

interface Blocks {
  across: number;
  count: number;
}

/** Blocks of a component that hold pixels (A.2.2). */
function blocksOf(
  { horizontal, vertical }: JpegComponent,
  { width, height, components }: JpegStructure,
): Blocks {
  const most = {
    horizontal: Math.max(...components.map((one) => one.horizontal)),
    vertical: Math.max(...components.map((one) => one.vertical)),
  };
  const across = Math.ceil(Math.ceil((width * horizontal) / most.horizontal) / 8);
  const down = Math.ceil(Math.ceil((height * vertical) / most.vertical) / 8);
  return { across, count: across * down };
}

/** Share of a scan's MCUs that its data reaches. */
function shareOfScan(
  bytes: Buffer,
  scan: JpegScan,
  structure: JpegStructure,
  histories: Map<JpegComponent, History> | null,
): number {
  const reader = new BitReader(bytes, scan.start, scan.end);
  const decoder = new ScanDecoder(reader, scan, structure, histories);
  const total = decoder.units;
  const interval = scan.restartInterval || total;
  let missing = 0;
  for (let unit = 0; unit < total; ) {
    const last = Math.min(total, unit + interval);
    decoder.restart();
    for (; unit < last; unit++) {
      decoder.readUnit(unit);
      if (!reader.exhausted) continue;
      missing += last - unit;
      unit = last;
    }
    if (unit < total && !reader.toNextRestart()) return 1 - (missing + total - unit) / total;
  }
  return 1 - missing / total;
}

/** Which AC coefficients of each block have been seen to be other than 0: what refinement scans go by. */
class History {
  readonly #bits: Uint32Array;
  constructor(blocks: number) {
    this.#bits = new Uint32Array(blocks * 2);
  }
  has(block: number, at: number): boolean {
    return ((this.#bits[block * 2 + (at >> 5)] ?? 0) & (1 << (at & 31))) !== 0;
  }
  add(block: number, at: number): void {
    const word = block * 2 + (at >> 5);
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (at & 31));
  }
}

class ScanDecoder {
  /** MCUs of the scan (A.2). */
  readonly units: number;
  readonly #reader: BitReader;
  readonly #scan: JpegScan;
  readonly #parts: { blocks: number; across: number; component: JpegComponent; dc: Lookup; ac: Lookup }[];
  readonly #unitsAcross: number;
  readonly #histories: Map<JpegComponent, History> | null;
  /** Blocks left in a run of blocks that end at once (G.1.2.2). */
  #endRun = 0;

  constructor(
    reader: BitReader,
    scan: JpegScan,
    structure: JpegStructure,
    histories: Map<JpegComponent, History> | null,
  ) {
    this.#reader = reader;
    this.#scan = scan;
    this.#histories = histories;
    const interleaved = scan.components.length > 1;
    const [first] = scan.components;
    const { across, count } = first ? blocksOf(first.component, structure) : { across: 0, count: 0 };
    const most = {
      horizontal: Math.max(...structure.components.map((one) => one.horizontal)),
      vertical: Math.max(...structure.components.map((one) => one.vertical)),
    };
    this.#unitsAcross = interleaved ? Math.ceil(structure.width / (8 * most.horizontal)) : across;
    this.units = interleaved ? this.#unitsAcross * Math.ceil(structure.height / (8 * most.vertical)) : count;
    this.#parts = scan.components.map(({ component, dc, ac }) => ({
      blocks: interleaved ? component.horizontal * component.vertical : 1,
      across: blocksOf(component, structure).across,
      component,
      dc: lookupOf(dc),
      ac: lookupOf(ac),
    }));
  }

  restart(): void {
    this.#endRun = 0;
  }

  readUnit(unit: number): void {
    for (const { blocks, component, dc, ac } of this.#parts) {
      if (!this.#histories) {
        for (let block = 0; block < blocks; block++) this.#readSequential(dc, ac);
        continue;
      }
      const { spectralStart, high } = this.#scan;
      if (spectralStart === 0) {
        for (let block = 0; block < blocks; block++) {
          if (high === 0) this.#reader.skip(this.#reader.symbol(dc) & 15);
          else this.#reader.skip(1);
        }
        continue;
      }
      // AC scans have one component, whose blocks are the units.
      const history = this.#histories.get(component);
      if (!history) continue;
      if (high === 0) this.#readFirst(ac, history, unit);
      else this.#readRefinement(ac, history, unit);
    }
  }

  #readSequential(dc: Lookup, ac: Lookup): void {
    const reader = this.#reader;
    reader.skip(reader.symbol(dc) & 15);
    for (let at = 1; at < 64; at++) {
      const symbol = reader.symbol(ac);
      const size = symbol & 15;
      if (size === 0) {
        if (symbol !== 0xf0) return;
        at += 15;
        continue;
      }
      at += symbol >> 4;
      reader.skip(size);
    }
  }

  #readFirst(ac: Lookup, history: History, block: number): void {
    if (this.#endRun > 0) {
      this.#endRun--;
      return;
    }
    const reader = this.#reader;
    for (let at = this.#scan.spectralStart; at <= this.#scan.spectralEnd; at++) {
      const symbol = reader.symbol(ac);
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size === 0) {
        if (run < 15) {
          this.#endRun = (1 << run) + reader.bits(run) - 1;
          return;
        }
        at += 15;
        continue;
      }
      at += run;
      reader.skip(size);
      if (at < 64) history.add(block, at);
    }
  }

  #readRefinement(ac: Lookup, history: History, block: number): void {
    const reader = this.#reader;
    const { spectralEnd } = this.#scan;
    let at = this.#scan.spectralStart;
    if (this.#endRun === 0) {
      for (; at <= spectralEnd; at++) {
        const symbol = reader.symbol(ac);
        let run = symbol >> 4;
        const isNew = (symbol & 15) !== 0;
        if (isNew) reader.skip(1);
        else if (run < 15) {
          this.#endRun = (1 << run) + reader.bits(run);
          break;
        }
        for (; at <= spectralEnd; at++) {
          if (history.has(block, at)) reader.skip(1);
          else if (run-- === 0) break;
        }
        if (isNew && at <= spectralEnd) history.add(block, at);
      }
    }
    if (this.#endRun > 0) {
      for (; at <= spectralEnd; at++) if (history.has(block, at)) reader.skip(1);
      this.#endRun--;
    }
  }
}

/**
 * By the next 16 bits: length of the code in the upper byte, its symbol in the lower; 0 where there is no such code.
 */
type Lookup = Uint16Array;

const lookups = new WeakMap<HuffmanTable, Lookup>();
const noCodes: Lookup = new Uint16Array(65_536);

/** Codes as C.2 derives them from their lengths. */
function lookupOf(table: HuffmanTable | null): Lookup {
  if (!table) return noCodes;
  const known = lookups.get(table);
  if (known) return known;
  const lookup = new Uint16Array(65_536);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    for (let count = table.counts[length - 1] ?? 0; count > 0; count--, index++, code++) {
      const from = code << (16 - length);
      if (from < 65_536)
        lookup.fill((length << 8) | (table.values[index] ?? 0), from, from + (1 << (16 - length)));
    }
    code <<= 1;
  }
  lookups.set(table, lookup);
  return lookup;
}

/** Bits of entropy-coded data, zeros stuffed after 0xFF left out (F.1.2.3). Past a marker there are only zeros. */
class BitReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #pending = 0;
  #count = 0;
  /** More bits were taken than there are before the next marker. */
  exhausted = false;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** A code that does not exist counts as 0, as in libjpeg. */
  symbol(lookup: Lookup): number {
    this.#fill(16);
    const entry = lookup[(this.#pending >>> (this.#count - 16)) & 0xffff] as number;
    this.#take(entry === 0 ? 16 : entry >> 8);
    return entry & 255;
  }

  bits(length: number): number {
    if (length === 0) return 0;
    this.#fill(length);
    const value = (this.#pending >>> (this.#count - length)) & ((1 << length) - 1);
    this.#take(length);
    return value;
  }

  skip(length: number): void {
    this.#fill(length);
    this.#take(length);
  }

  /** Goes behind the next restart marker; false where the scan has no more. */
  toNextRestart(): boolean {
    this.#pending = 0;
    this.#count = 0;
    this.#padding = 0;
    this.exhausted = false;
    for (let at = this.#at; at + 1 < this.#end; at++) {
      if (this.#bytes[at] !== 0xff) continue;
      const next = this.#bytes[at + 1] as number;
      if (next < 0xd0 || next > 0xd7) continue;
      this.#at = at + 2;
      return true;
    }
    this.#at = this.#end;
    return false;
  }

  /** Bits of `#pending` that are not in the file. */
  #padding = 0;

  #fill(length: number): void {
    while (this.#count < length) {
      const byte = this.#nextByte();
      if (byte === -1) this.#padding += 8;
      this.#pending = ((this.#pending << 8) | (byte === -1 ? 0 : byte)) & 0xffffff;
      this.#count += 8;
    }
  }

  #take(length: number): void {
    this.#count -= length;
    if (this.#count < this.#padding) {
      this.#padding = this.#count;
      this.exhausted = true;
    }
  }

  #nextByte(): number {
    if (this.#at >= this.#end) return -1;
    const byte = this.#bytes[this.#at] as number;
    if (byte !== 0xff) {
      this.#at++;
      return byte;
    }
    if (this.#bytes[this.#at + 1] !== 0) return -1;
    this.#at += 2;
    return byte;
  }
}
