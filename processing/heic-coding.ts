import { type FileHandle, open } from 'node:fs/promises';

/** How the pictures in a HEIF container are compressed. */
export type HeifCoding = 'hevc' | 'av1';

/** Item types of the pixels themselves; a grid, as telephones write it, is made of items of these. */
const codings: Record<string, HeifCoding> = { hvc1: 'hevc', av01: 'av1' };

/** Boxes of the top level that are looked at; real files have about five. */
const maxBoxes = 64;
/** Bytes of a `meta` box that is read. A telephone's has about 4,000; libheif allows no more than 1,000 items. */
const maxMetaBytes = 1024 * 1024;

/**
 * What a HEIF container holds, by the types of its items; null where it is no such container or holds something else.
 * Its brand (`heic`, `avif`) proves nothing, and sharp and libvips tell the coding by the brand alone. Only the index
 * of the file is read.
 */
export async function readHeifCoding(path: string): Promise<HeifCoding | null> {
  const file = await open(path);
  try {
    const meta = await readMetaBox(file);
    return meta && codingOf(meta);
  } catch (error) {
    // A length that points outside the file: the decoder will say what is wrong with it.
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    await file.close();
  }
}

/** The content of the first `meta` box, without its version and flags. */
async function readMetaBox(file: FileHandle): Promise<Buffer | null> {
  const { size: fileBytes } = await file.stat();
  let offset = 0;
  for (let count = 0; count < maxBoxes && offset + 8 <= fileBytes; count++) {
    const { buffer: header } = await file.read(Buffer.alloc(16), 0, 16, offset);
    const box = boxAt(header, 0, fileBytes - offset);
    if (box.type === 'meta') {
      const length = box.size - box.headerBytes - 4;
      if (length < 0 || length > maxMetaBytes) return null;
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset + box.headerBytes + 4);
      return buffer;
    }
    offset += box.size;
  }
  return null;
}

function codingOf(meta: Buffer): HeifCoding | null {
  const types = new Map<number, string>();
  let primary: number | undefined;
  for (const { type, content } of boxesOf(meta)) {
    if (type === 'pitm')
      primary = content.readUInt8(0) === 0 ? content.readUInt16BE(4) : content.readUInt32BE(4);
    if (type === 'iinf') readItemTypes(content, types);
  }
  const ofPrimary = codings[types.get(primary ?? -1) ?? ''];
  if (ofPrimary) return ofPrimary;
  const coded = [...types.values()].find((type) => Object.hasOwn(codings, type));
  return coded ? (codings[coded] ?? null) : null;
}

/** Fills in the type of every item that an `iinf` box names. */
function readItemTypes(iinf: Buffer, types: Map<number, string>): void {
  const start = iinf.readUInt8(0) === 0 ? 6 : 8;
  for (const { type, content } of boxesOf(iinf.subarray(start))) {
    if (type !== 'infe') continue;
    const version = content.readUInt8(0);
    // Versions 0 and 1 have no type: they belong to other kinds of file.
    if (version === 2) types.set(content.readUInt16BE(4), content.toString('latin1', 8, 12));
    if (version === 3) types.set(content.readUInt32BE(4), content.toString('latin1', 10, 14));
  }
}

function* boxesOf(bytes: Buffer): Generator<{ type: string; content: Buffer }> {
  for (let offset = 0; offset + 8 <= bytes.length; ) {
    const { type, size, headerBytes } = boxAt(bytes, offset, bytes.length - offset);
    yield { type, content: bytes.subarray(offset + headerBytes, offset + size) };
    offset += size;
  }
}

/** The header of a box; `available` is what is left of what encloses it. */
function boxAt(bytes: Buffer, offset: number, available: number) {
  const short = bytes.readUInt32BE(offset);
  const type = bytes.toString('latin1', offset + 4, offset + 8);
  const headerBytes = short === 1 ? 16 : 8;
  let size = short;
  if (short === 1) size = Number(bytes.readBigUInt64BE(offset + 8));
  if (short === 0) size = available;
  if (size < headerBytes || size > available)
    throw new RangeError(`A ${type} box of ${size} bytes does not fit.`);
  return { type, size, headerBytes };
}
