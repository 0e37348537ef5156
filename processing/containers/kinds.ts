import type { PictureType } from '@spillway/core/picture-types.ts';
import { fileTypeFromBuffer } from 'file-type';

/** By what the content is, never by the file's name or declared type. */
const acceptedTypes: Record<string, PictureType> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/apng': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/heic': 'heic',
  'image/heif': 'heic',
  'image/heic-sequence': 'heic',
  'image/heif-sequence': 'heic',
  'image/gif': 'gif',
};

/** Names of other files that people send, to complete "The file is …". */
const names: Record<string, string> = {
  'application/eps': 'an EPS drawing',
  'application/gzip': 'a gzip archive',
  'application/msword': 'a Word document',
  'application/pdf': 'a PDF document',
  'application/postscript': 'a PostScript document',
  'application/rtf': 'an RTF document',
  'application/vnd.ms-excel': 'an Excel sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'a PowerPoint presentation',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'an Excel sheet',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'a Word document',
  'application/vnd.rar': 'a RAR archive',
  'application/x-7z-compressed': 'a 7-Zip archive',
  'application/x-bzip2': 'a bzip2 archive',
  'application/x-cfb': 'an Office document',
  'application/x-rar-compressed': 'a RAR archive',
  'application/x-tar': 'a tar archive',
  'application/x-xz': 'an xz archive',
  'application/xml': 'an XML file',
  'application/zip': 'a ZIP archive',
  'application/zstd': 'a Zstandard archive',
  'image/bmp': 'a BMP picture',
  'image/flif': 'a FLIF picture',
  'image/icns': 'an icon (ICNS)',
  'image/j2c': 'a JPEG 2000 picture',
  'image/jls': 'a JPEG-LS picture',
  'image/jp2': 'a JPEG 2000 picture',
  'image/jpm': 'a JPEG 2000 picture',
  'image/jpx': 'a JPEG 2000 picture',
  'image/jxl': 'a JPEG XL picture',
  'image/ktx': 'a texture (KTX)',
  'image/mj2': 'a JPEG 2000 film',
  'image/svg+xml': 'an SVG drawing',
  'image/tiff': 'a TIFF picture',
  'image/vnd.adobe.photoshop': 'a Photoshop file',
  'image/vnd.ms-dds': 'a texture (DDS)',
  'image/vnd.ms-photo': 'a JPEG XR picture',
  'image/x-icon': 'an icon (ICO)',
  'image/x-xcf': 'a GIMP file',
};

const kindsOfPrefix: [RegExp, string][] = [
  [
    /^image\/x-(adobe|canon|fujifilm|nikon|olympus|panasonic|sony)|^image\/(CR3|dng)/i,
    'a camera’s raw picture',
  ],
  [/^video\//, 'a video'],
  [/^audio\//, 'a sound recording'],
  [/^font\//, 'a font'],
  [/^image\//, 'a picture of another kind'],
  [/^(application|text|model|chemical)\//, 'no picture'],
];

export type Kind = { kind: 'accepted'; type: PictureType } | { kind: 'other'; name: string };

/** What a file is, by its content alone. */
export async function kindOf(bytes: Buffer): Promise<Kind> {
  const start = accepted(bytes);
  if (start) return { kind: 'accepted', type: start };
  const own = ownSignature(bytes);
  if (own) return { kind: 'other', name: own };
  // The library's parsers read through archives and films. The beginning is enough.
  const sniffed = await fileTypeFromBuffer(bytes.subarray(0, sniffedBytes)).catch(() => undefined);
  if (!sniffed) {
    // The library looks for more in the directory of a TIFF, which may lie at the end of the file.
    const name = /^(II[*+]\0|MM\0[*+])/.test(bytes.toString('latin1', 0, 4))
      ? 'a TIFF picture'
      : textKind(bytes);
    return { kind: 'other', name: name ?? 'of no kind that is known here' };
  }
  if (sniffed.mime === 'application/xml') return { kind: 'other', name: textKind(bytes) ?? 'an XML file' };
  const type = acceptedTypes[sniffed.mime];
  if (type) return { kind: 'accepted', type };
  const name = names[sniffed.mime] ?? kindsOfPrefix.find(([pattern]) => pattern.test(sniffed.mime))?.[1];
  return { kind: 'other', name: name ?? 'no picture' };
}

const sniffedBytes = 64 * 1024;

/** By signature: a file that ends right after one is a truncated picture, not an unknown file. */
function accepted(bytes: Buffer): PictureType | null {
  const starts = (hex: string) => bytes.subarray(0, hex.length / 2).equals(Buffer.from(hex, 'hex'));
  if (starts('ffd8ff')) return bytes[3] === 0xf7 ? null : 'jpeg';
  if (starts('89504e470d0a1a0a')) return 'png';
  if (starts('474946383761') || starts('474946383961')) return 'gif';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return 'webp';
  if (bytes.toString('latin1', 4, 8) !== 'ftyp') return null;
  // The first brand may be one of a structure. The later ones then tell the coding.
  return (
    brandsOf(bytes)
      .map(typeOfBrand)
      .find((type) => type !== null) ?? null
  );
}

/** `ftyp`, ISO/IEC 14496-12, 4.3: the major brand, a version and the compatible brands. */
function brandsOf(bytes: Buffer): string[] {
  const end = Math.min(bytes.readUInt32BE(0), mostBrandBytes);
  const compatible = bytes.toString('latin1', 16, end).match(/[\s\S]{4}/g) ?? [];
  return [bytes.toString('latin1', 8, 12), ...compatible];
}

const mostBrandBytes = 256;

function typeOfBrand(brand: string): PictureType | null {
  if (brand === 'avif' || brand === 'avis') return 'avif';
  return ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'hevm', 'hevs', 'mif1', 'msf1'].includes(brand)
    ? 'heic'
    : null;
}

/** What the library does not know, or calls something else. */
function ownSignature(bytes: Buffer): string | null {
  const text = bytes.toString('latin1', 0, 16);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff && bytes[3] === 0xf7)
    return 'a JPEG-LS picture';
  if (/^P[1-7][\s#]/.test(text)) return 'a Netpbm picture';
  if (text.startsWith('ID3')) return 'a sound recording';
  if (bytes.toString('latin1', bytes.length - 18, bytes.length - 2) === 'TRUEVISION-XFILE')
    return 'a TGA picture';
  // The library takes it for an icon or a cursor, which states how many pictures it holds: never none.
  if (['000001000000', '000002000000'].includes(bytes.toString('hex', 0, 6))) return 'a TGA picture';
  if (text.startsWith('qoif')) return 'a QOI picture';
  if (text.startsWith('DDS ')) return 'a texture (DDS)';
  if (text.startsWith('farbfeld')) return 'a farbfeld picture';
  if (text.startsWith('#?RADIANCE') || text.startsWith('#?RGBE')) return 'a Radiance HDR picture';
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0x762f3101) return 'an OpenEXR picture';
  return null;
}

const looksLikeText = 4_096;

/** Text has no signature. UTF-8 or UTF-16 without control characters is classified by its beginning. */
function textKind(bytes: Buffer): string | null {
  const start = bytes.subarray(0, looksLikeText);
  const isUtf16 = start.length >= 2 && (start.readUInt16BE(0) === 0xfffe || start.readUInt16BE(0) === 0xfeff);
  const text = isUtf16 ? start.toString('utf16le') : start.toString('utf8');
  // The last character may be cut.
  const body = text.replace(/\ufffd{1,3}$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no text has.
  if (!isUtf16 && /[\u0000-\u0008\u000e-\u001a\ufffd]/.test(body)) return null;
  const trimmed = body
    .replace(/^\ufeff/, '')
    .trimStart()
    .toLowerCase();
  if (/^<svg[\s>]/.test(trimmed) || /^<(\?xml|!doctype svg|!--)[\s\S]*<svg[\s>]/.test(trimmed))
    return 'an SVG drawing';
  if (/^<(!doctype html|html|head|body|script|p|div|h1)[\s>]/.test(trimmed)) return 'an HTML page';
  if (trimmed.startsWith('<?xml')) return 'an XML file';
  if (/^[[{]/.test(trimmed) && isJson(bytes)) return 'a JSON file';
  return 'a text file';
}

function isJson(bytes: Buffer): boolean {
  if (bytes.length > 1024 * 1024) return true;
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
