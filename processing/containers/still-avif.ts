import { boxesOf } from '../heif-boxes.ts';

/**
 * The first frame of an animated AVIF as a still one. libvips tells a file by its brand and does not know `avis`.
 * Where the file has a still picture beside its track, as avifenc writes it, only the brand is changed; where it has
 * none, a container is laid out around the track's first sample.
 * @param hasStill The container has a primary item.
 * @returns null where no track of AV1 is found.
 */
export function stillAvif(bytes: Buffer, hasStill: boolean): Buffer | null {
  if (!hasStill) return fromTrack(bytes);
  const still = Buffer.from(bytes);
  still.write('avif', 8, 'latin1');
  return still;
}

interface FirstSample {
  width: number;
  height: number;
  av1C: Buffer;
  colr: Buffer | null;
  data: Buffer;
}

function fromTrack(bytes: Buffer): Buffer | null {
  try {
    const sample = firstSample(bytes);
    return sample && layOut(sample);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function firstSample(bytes: Buffer): FirstSample | null {
  const moov = find(bytes, 'moov');
  if (!moov) return null;
  for (const { type, content } of boxesOf(moov)) {
    const table = type === 'trak' ? find(content, 'mdia', 'minf', 'stbl') : null;
    const entry = table && find(table, 'stsd')?.subarray(8);
    const coded = entry && find(entry, 'av01');
    if (!table || !coded) continue;
    // VisualSampleEntry (ISO/IEC 14496-12, 12.1.3): 78 bytes, then its boxes.
    const boxes = coded.subarray(78);
    const av1C = find(boxes, 'av1C');
    const offset = firstOffset(table);
    const length = firstLength(table);
    if (!av1C || offset === null || length === null) continue;
    return {
      width: coded.readUInt16BE(24),
      height: coded.readUInt16BE(26),
      av1C,
      colr: find(boxes, 'colr'),
      data: bytes.subarray(offset, offset + length),
    };
  }
  return null;
}

function find(bytes: Buffer, ...path: string[]): Buffer | null {
  let found: Buffer | null = bytes;
  for (const wanted of path) {
    let next: Buffer | null = null;
    for (const { type, content } of boxesOf(found)) {
      if (type !== wanted) continue;
      next = content;
      break;
    }
    if (!next) return null;
    found = next;
  }
  return found;
}

/** Of the first chunk, whose first sample is the track's first. */
function firstOffset(table: Buffer): number | null {
  const short = find(table, 'stco');
  if (short && short.length >= 12) return short.readUInt32BE(8);
  const long = find(table, 'co64');
  return long && long.length >= 16 ? Number(long.readBigUInt64BE(8)) : null;
}

function firstLength(table: Buffer): number | null {
  const sizes = find(table, 'stsz');
  if (!sizes || sizes.length < 12) return null;
  const common = sizes.readUInt32BE(4);
  if (common !== 0) return common;
  return sizes.length >= 16 ? sizes.readUInt32BE(12) : null;
}

/** A still AVIF of one item (AV1-ISOBMFF and MIAF). */
function layOut({ width, height, av1C, colr, data }: FirstSample): Buffer {
  const ftyp = box('ftyp', Buffer.from('avif\0\0\0\0avifmif1miaf', 'latin1'));
  const properties = [box('ispe', numbers(4, 0, width, height)), box('av1C', av1C)];
  if (colr) properties.push(box('colr', colr));
  // Each property essential or not as it may be: index 2, av1C, has to be.
  const associations = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0, 1, properties.length, 1, 0x82, 3]);
  const ipma = box('ipma', associations.subarray(0, 11 + properties.length));
  const iprp = box('iprp', box('ipco', ...properties), ipma);
  const infe = box('infe', Buffer.from([2, 0, 0, 0, 0, 1, 0, 0]), Buffer.from('av01\0', 'latin1'));
  const index = (offset: number) =>
    box(
      'meta',
      numbers(4, 0),
      box('hdlr', numbers(4, 0, 0), Buffer.from('pict', 'latin1'), Buffer.alloc(13)),
      box('pitm', numbers(4, 0), numbers(2, 1)),
      box('iloc', numbers(4, 0), numbers(2, 0x4400, 1, 1, 0, 1), numbers(4, offset, data.length)),
      box('iinf', numbers(4, 0), numbers(2, 1), infe),
      iprp,
    );
  const offset = ftyp.length + index(0).length + 8;
  return Buffer.concat([ftyp, index(offset), box('mdat', data)]);
}

function box(type: string, ...content: Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([numbers(4, length), Buffer.from(type, 'latin1'), ...content]);
}

function numbers(width: number, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(width * values.length);
  for (const [place, value] of values.entries()) bytes.writeUIntBE(value, place * width, width);
  return bytes;
}
