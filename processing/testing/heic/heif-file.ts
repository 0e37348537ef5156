/**
 * Writes HEIF files of given HEVC streams, box by box (ISO/IEC 23008-12): Debian's encoder makes neither the grids that
 * telephones write nor files that lie, and tests need both.
 */

import { text, u8, u16, u32 } from '../big-endian.ts';

/** One HEVC picture: what a decoder must know first, and its data. */
export interface CodedPicture {
  /** The whole `hvcC` box. */
  configuration: Buffer;
  data: Buffer;
}

export interface HeifFile {
  brand?: string;
  /** Row by row; several make a grid. */
  tiles: CodedPicture[];
  columns?: number;
  /** Pixels of one tile. */
  tileSize: [width: number, height: number];
  /** Pixels of the whole, as stored. Default: the tile's. */
  size?: [width: number, height: number];
  /** Pixels of the middle that a viewer shows. */
  crop?: [width: number, height: number];
  /** Anti-clockwise turns by 90 degrees that a viewer makes. */
  quarterTurns?: number;
  /** Content of a `colr` box, from its type on. */
  colour?: Buffer;
  /** An Exif block that says only this, as cameras write it. */
  exifOrientation?: number;
}

/** The picture that `heif-enc` wrote, of a file with nothing else in it. */
export function codedPictureOf(file: Buffer): CodedPicture {
  const configuration = boxNamed(file, 'hvcC');
  const data = boxNamed(file, 'mdat').subarray(8);
  return { configuration, data };
}

function boxNamed(file: Buffer, type: string): Buffer {
  const start = file.indexOf(type, 0, 'latin1') - 4;
  return file.subarray(start, start + file.readUInt32BE(start));
}

export function writeHeif(heif: HeifFile): Buffer {
  const { brand = 'heic', tiles, exifOrientation } = heif;
  const isGrid = tiles.length > 1;
  const items: Item[] = tiles.map(({ data }) => ({ type: 'hvc1', data, isHidden: isGrid }));
  if (isGrid) items.push({ type: 'grid', data: gridOf(heif), isHidden: false });
  const primary = isGrid ? items.length : 1;
  if (exifOrientation) items.push({ type: 'Exif', data: exifOf(exifOrientation), isHidden: true });
  const references: Buffer[] = [];
  if (isGrid) references.push(box('dimg', u16(primary, tiles.length, ...tiles.map((_, index) => index + 1))));
  if (exifOrientation) references.push(box('cdsc', u16(items.length, 1, primary)));
  const start = box('ftyp', text(brand), u32(0), text('mif1'), text(brand));
  const metaOf = (offset: number) =>
    fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, u32(0), text('pict'), u32(0, 0, 0), u8(0)),
      fullBox('pitm', 0, u16(primary)),
      locations(items, offset),
      fullBox('iinf', 0, u16(items.length), ...items.map(infoOf)),
      properties(heif, primary),
      ...(references.length > 0 ? [fullBox('iref', 0, ...references)] : []),
    );
  const meta = metaOf(start.length + metaOf(0).length + 8);
  return Buffer.concat([start, meta, box('mdat', ...items.map(({ data }) => data))]);
}

interface Item {
  type: string;
  data: Buffer;
  isHidden: boolean;
}

function infoOf({ type, isHidden }: Item, index: number): Buffer {
  return fullBox('infe', 0x0200_0000 + (isHidden ? 1 : 0), u16(index + 1, 0), text(type), u8(0));
}

/** Where the items' data are: one after another from `offset` on. */
function locations(items: Item[], offset: number): Buffer {
  let at = offset;
  const entries = items.map(({ data }, index) => {
    const entry = Buffer.concat([u16(index + 1, 0, 1), u32(at, data.length)]);
    at += data.length;
    return entry;
  });
  return fullBox('iloc', 0, u8(0x44, 0), u16(items.length), ...entries);
}

/** Properties and which item has which: 1 configuration, 2 tile's size, 3 whole's size, then what else there is. */
function properties(
  { tiles, tileSize, size, crop, quarterTurns, colour }: HeifFile,
  primary: number,
): Buffer {
  const all = [
    tiles[0]?.configuration ?? Buffer.alloc(0),
    fullBox('ispe', 0, u32(...tileSize)),
    fullBox('ispe', 0, u32(...(size ?? tileSize))),
  ];
  const essential = 0x80;
  const ofPrimary = primary === 1 ? [1 | essential, 3] : [3];
  // Four fractions: width, height, and how far its middle is from the picture's.
  if (crop) ofPrimary.push(all.push(box('clap', u32(crop[0], 1, crop[1], 1, 0, 1, 0, 1))) | essential);
  if (quarterTurns) ofPrimary.push(all.push(box('irot', u8(quarterTurns))) | essential);
  if (colour) ofPrimary.push(all.push(box('colr', colour)));
  const associations = [u16(primary), u8(ofPrimary.length, ...ofPrimary)];
  const tileItems = primary === 1 ? [] : tiles.map((_, index) => index + 1);
  for (const item of tileItems) associations.unshift(u16(item), u8(2, 1 | essential, 2));
  return box('iprp', box('ipco', ...all), fullBox('ipma', 0, u32(tileItems.length + 1), ...associations));
}

function gridOf({ tiles, columns = 1, size, tileSize }: HeifFile): Buffer {
  const [width, height] = size ?? tileSize;
  const rows = tiles.length / columns;
  // Flag 1: sizes of 32 bits.
  return Buffer.concat([u8(0, 1, rows - 1, columns - 1), u32(width, height)]);
}

/** Big-endian TIFF with one entry, behind the offset that HEIF puts before it. */
function exifOf(orientation: number): Buffer {
  return Buffer.concat([
    u32(0),
    text('MM\0*'),
    u32(8),
    u16(1, 0x0112, 3),
    u32(1),
    u16(orientation, 0),
    u32(0),
  ]);
}

function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(body.length + 8), text(type), body]);
}

function fullBox(type: string, versionAndFlags: number, ...content: Buffer[]): Buffer {
  return box(type, u32(versionAndFlags), ...content);
}
