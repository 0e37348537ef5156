import { z } from 'zod';
import { type Mask, maskSchema, type Thumbnail, thumbnailsSchema } from './job.ts';

/**
 * The object beside a result that has its thumbnails and its mask: the pictures one after the other, from the first byte
 * on, then an index of them as JSON, then the index's length (32 bits, the lowest byte first). Whoever finds the object of
 * an earlier attempt reads in it what it has, since another attempt's pictures may have other bytes.
 */

export const packedIndexSchema = z.object({
  parts: thumbnailsSchema.shape.parts,
  mask: maskSchema.nullable(),
});
export type PackedIndex = z.infer<typeof packedIndexSchema>;

/** An end of the object that is sure to have the index: five parts take less than a kilobyte. Bytes. */
export const indexReach = 4_096;

const lengthBytes = 4;

export interface PicturesToPack {
  thumbnails: readonly (Omit<Thumbnail, 'offset' | 'size'> & { bytes: Uint8Array })[];
  mask: (Omit<Mask, 'offset' | 'size'> & { bytes: Uint8Array }) | null;
}

/** The bytes of the object, and its index. */
export function packPictures({ thumbnails, mask }: PicturesToPack): {
  bytes: Uint8Array;
  index: PackedIndex;
} {
  const pieces: Uint8Array[] = [];
  let end = 0;
  const place = (bytes: Uint8Array) => {
    pieces.push(bytes);
    const offset = end;
    end += bytes.length;
    return { offset, size: bytes.length };
  };
  const index: PackedIndex = {
    parts: thumbnails.map(({ bytes, ...rest }) => ({ ...rest, ...place(bytes) })),
    mask: mask && { width: mask.width, height: mask.height, ...place(mask.bytes) },
  };
  const json = new TextEncoder().encode(JSON.stringify(index));
  const length = new Uint8Array(lengthBytes);
  new DataView(length.buffer).setUint32(0, json.length, true);
  return { bytes: joined([...pieces, json, length]), index };
}

/**
 * Reads the index out of the end of such an object.
 * @param end Its last `indexReach` bytes, or all of it.
 * @param size Bytes of the whole object.
 * @returns Null where this is no such object.
 */
export function readIndex(end: Uint8Array, size: number): PackedIndex | null {
  const jsonEnd = end.length - lengthBytes;
  if (jsonEnd < 0) return null;
  const length = new DataView(end.buffer, end.byteOffset + jsonEnd).getUint32(0, true);
  if (length > jsonEnd) return null;
  const read = packedIndexSchema.safeParse(parsed(end.subarray(jsonEnd - length, jsonEnd)));
  if (!read.success) return null;
  const room = size - lengthBytes - length;
  const { parts, mask } = read.data;
  const fits = [...parts, ...(mask ? [mask] : [])].every((part) => part.offset + part.size <= room);
  return fits ? read.data : null;
}

function parsed(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(json));
  } catch {
    return null;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
