import { latin1, pictureTypeOf, unknownKind } from './picture-signature.ts';
import type { PictureType } from './picture-types.ts';

/**
 * What a file is by its content, never by its name or declared type. The page asks before a byte is sent, and the workers'
 * input gate asks again with the same list.
 */

/** The parts of a file that tell what it is. */
export interface FileContent {
  /** Its first bytes: all of them, or at least `mostLooked`. */
  start: Uint8Array;
  /** Its last bytes, at least `signatureAtEnd` of them where it has as many. */
  end: Uint8Array;
  /** Bytes of the whole file. */
  size: number;
}

/** Names the media type of a file by its first bytes, for what has no signature here; undefined where it knows none. */
export type Sniffer = (start: Uint8Array) => Promise<{ mime: string } | undefined>;

export type FileKind =
  | { kind: 'picture'; type: PictureType }
  /** `name` completes "The file is …". */
  | { kind: 'other'; name: string };

/** Bytes from the start that are looked at, at most. */
export const mostLooked = 1_024 * 1_024;
/** Bytes from the start that a sniffer is given. Its parsers read through archives and films; the beginning is enough. */
const sniffedBytes = 64 * 1_024;
/** Bytes at the end of a file that may be a signature. */
export const signatureAtEnd = 18;

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

/** @param sniff Asked where no signature of this list fits. */
export async function fileKindOf(content: FileContent, sniff: Sniffer): Promise<FileKind> {
  const { start } = content;
  const type = pictureTypeOf(start);
  if (type) return { kind: 'picture', type };
  const own = ownSignature(content);
  if (own) return { kind: 'other', name: own };
  const sniffed = await sniff(start.subarray(0, sniffedBytes)).catch(() => undefined);
  if (!sniffed) {
    // A sniffer looks for more in the directory of a TIFF, which may lie at the end of the file.
    const name = /^(II[*+]\0|MM\0[*+])/.test(latin1(start, 0, 4)) ? 'a TIFF picture' : textKind(content);
    return { kind: 'other', name: name ?? unknownKind };
  }
  if (sniffed.mime === 'application/xml') {
    return { kind: 'other', name: textKind(content) ?? 'an XML file' };
  }
  const known = acceptedTypes[sniffed.mime];
  if (known) return { kind: 'picture', type: known };
  const name = names[sniffed.mime] ?? kindsOfPrefix.find(([pattern]) => pattern.test(sniffed.mime))?.[1];
  return { kind: 'other', name: name ?? 'no picture' };
}

/** What sniffers do not know, or call something else. */
function ownSignature({ start, end }: FileContent): string | null {
  const text = latin1(start, 0, 16);
  if (text.startsWith('\xff\xd8\xff\xf7')) return 'a JPEG-LS picture';
  if (/^P[1-7][\s#]/.test(text)) return 'a Netpbm picture';
  if (text.startsWith('ID3')) return 'a sound recording';
  if (text.startsWith('%PDF-')) return 'a PDF document';
  if (latin1(end, end.length - signatureAtEnd, end.length - 2) === 'TRUEVISION-XFILE') return 'a TGA picture';
  // Sniffers take it for an icon or a cursor, which states how many pictures it holds: never none.
  if (text.startsWith('\0\0\x01\0\0\0') || text.startsWith('\0\0\x02\0\0\0')) return 'a TGA picture';
  if (text.startsWith('qoif')) return 'a QOI picture';
  if (text.startsWith('DDS ')) return 'a texture (DDS)';
  if (text.startsWith('farbfeld')) return 'a farbfeld picture';
  if (text.startsWith('#?RADIANCE') || text.startsWith('#?RGBE')) return 'a Radiance HDR picture';
  if (text.startsWith('\x76\x2f\x31\x01')) return 'an OpenEXR picture';
  return null;
}

const looksLikeText = 4_096;

/** Text has no signature. UTF-8 or UTF-16 without control characters is classified by its beginning. */
function textKind(content: FileContent): string | null {
  const start = content.start.subarray(0, looksLikeText);
  const mark = latin1(start, 0, 2);
  const isUtf16 = mark === '\xff\xfe' || mark === '\xfe\xff';
  const text = new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { ignoreBOM: true }).decode(start);
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
  if (/^[[{]/.test(trimmed) && isJson(content)) return 'a JSON file';
  return 'a text file';
}

/** A text that is longer than what is looked at is called JSON by its beginning. */
function isJson({ start, size }: FileContent): boolean {
  if (size > mostLooked) return true;
  try {
    JSON.parse(new TextDecoder().decode(start));
    return true;
  } catch {
    return false;
  }
}
