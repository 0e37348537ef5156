import { boxesOf, primaryItemOf, readMetaBox } from './heif-boxes.ts';

/** How the pictures in a HEIF container are compressed. */
export type HeifCoding = 'hevc' | 'av1';

/** Item types of the pixels themselves; a grid, as telephones write it, is made of items of these. */
const codings: Record<string, HeifCoding> = { hvc1: 'hevc', av01: 'av1' };

/**
 * The coding in a HEIF container, by the types of its items; null if the file is not such a container or holds
 * something else. The brand (`heic`, `avif`) proves nothing, although sharp and libvips rely on it. Only the index of
 * the file is read.
 */
export async function readHeifCoding(path: string): Promise<HeifCoding | null> {
  try {
    const meta = await readMetaBox(path);
    return meta && codingOf(meta);
  } catch (error) {
    // A length points outside the file. The decoder will report it.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function codingOf(meta: Buffer): HeifCoding | null {
  const types = new Map<number, string>();
  let primary: number | undefined;
  for (const { type, content } of boxesOf(meta)) {
    if (type === 'pitm') primary = primaryItemOf(content);
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
