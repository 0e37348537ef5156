import { type FileHandle, open } from 'node:fs/promises';

/** The most boxes of the top level that are read. Real files have about five. */
const maxBoxes = 64;
/** The most bytes of a `meta` box. A telephone's has about 4,000, and libheif allows no more than 1,000 items. */
const maxMetaBytes = 1024 * 1024;

/** A box of ISO/IEC 14496-12 without its header. */
export interface Box {
  type: string;
  content: Buffer;
}

/**
 * The content of the first `meta` box of a HEIF container, without its version and flags: the index of the file. Null
 * if there is none, or if it is too large.
 * @throws RangeError for a length that points outside the file.
 */
export async function readMetaBox(path: string): Promise<Buffer | null> {
  const file = await open(path);
  try {
    return await findMetaBox(file);
  } finally {
    await file.close();
  }
}

async function findMetaBox(file: FileHandle): Promise<Buffer | null> {
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

/** @throws RangeError for a box that does not fit. */
export function* boxesOf(bytes: Buffer): Generator<Box> {
  for (let offset = 0; offset + 8 <= bytes.length; ) {
    const { type, size, headerBytes } = boxAt(bytes, offset, bytes.length - offset);
    yield { type, content: bytes.subarray(offset + headerBytes, offset + size) };
    offset += size;
  }
}

/** The item that a viewer shows, by the content of a `pitm` box. */
export function primaryItemOf(pitm: Buffer): number {
  return pitm.readUInt8(0) === 0 ? pitm.readUInt16BE(4) : pitm.readUInt32BE(4);
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
