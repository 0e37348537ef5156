import type { PictureType } from './picture-types.ts';

/** The signatures of pictures. In a file of its own, because the page needs the names of other files for few visitors. */

/** What a file is called whose kind is not known, to complete "The file is …". */
export const unknownKind = 'of no kind that is known here';

/**
 * The type of a picture whose first bytes are a signature; null for anything else. A file that ends right after a
 * signature is a picture that is cut off, not an unknown file. 256 bytes are enough.
 */
export function pictureTypeOf(start: Uint8Array): PictureType | null {
  const begins = (...bytes: number[]) => bytes.every((byte, at) => start[at] === byte);
  if (begins(0xff, 0xd8, 0xff)) return start[3] === 0xf7 ? null : 'jpeg';
  if (begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png';
  const signature = latin1(start, 0, 12);
  if (signature.startsWith('GIF87a') || signature.startsWith('GIF89a')) return 'gif';
  if (signature.startsWith('RIFF') && signature.endsWith('WEBP')) return 'webp';
  if (latin1(start, 4, 8) !== 'ftyp') return null;
  // The first brand may be one of a structure. The later ones then tell the coding.
  return (
    brandsOf(start)
      .map(typeOfBrand)
      .find((type) => type !== null) ?? null
  );
}

/** `ftyp`, ISO/IEC 14496-12, 4.3: the major brand, a version and the compatible brands. */
function brandsOf(start: Uint8Array): string[] {
  const end = Math.min(uint32(start, 0), mostBrandBytes);
  const compatible = latin1(start, 16, end).match(/[\s\S]{4}/g) ?? [];
  return [latin1(start, 8, 12), ...compatible];
}

const mostBrandBytes = 256;

function typeOfBrand(brand: string): PictureType | null {
  if (brand === 'avif' || brand === 'avis') return 'avif';
  return ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'hevm', 'hevs', 'mif1', 'msf1'].includes(brand)
    ? 'heic'
    : null;
}

/** One character for each byte. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(Math.max(0, from), Math.max(0, to)));
}

function uint32(bytes: Uint8Array, at: number): number {
  return bytes.subarray(at, at + 4).reduce((value, byte) => value * 256 + byte, 0);
}
