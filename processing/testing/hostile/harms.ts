import { crc32, deflateSync } from 'node:zlib';
import type { Lot } from './lot.ts';

/** One way to spoil a file. It gets any bytes, spoiled ones too, and leaves them as they are. */
interface Harm {
  name: string;
  harm(bytes: Buffer, lot: Lot): Buffer;
}

export const harms: Harm[] = [
  { name: 'sound', harm: (bytes) => bytes },
  { name: 'cut', harm: (bytes, lot) => bytes.subarray(0, lot.below(bytes.length + 1)) },
  {
    name: 'cut-late',
    harm: (bytes, lot) => bytes.subarray(0, Math.max(0, bytes.length - 1 - lot.below(40))),
  },
  { name: 'cut-early', harm: (bytes, lot) => bytes.subarray(0, lot.below(40)) },
  { name: 'flip', harm: flipBits },
  { name: 'flip-head', harm: (bytes, lot) => flipBits(bytes, lot, 100) },
  { name: 'overwrite', harm: overwrite },
  { name: 'drop', harm: dropPart },
  { name: 'repeat', harm: repeatPart },
  { name: 'zeros-behind', harm: (bytes, lot) => Buffer.concat([bytes, Buffer.alloc(lot.below(100_000))]) },
  { name: 'garbage-behind', harm: (bytes, lot) => Buffer.concat([bytes, lot.bytes(lot.below(5_000))]) },
  { name: 'garbage-before', harm: (bytes, lot) => Buffer.concat([lot.bytes(1 + lot.below(40)), bytes]) },
  {
    name: 'archive-behind',
    harm: (bytes) => Buffer.concat([bytes, Buffer.from('504b0506', 'hex'), Buffer.alloc(18)]),
  },
  {
    name: 'page-behind',
    harm: (bytes) => Buffer.concat([bytes, Buffer.from('<html><script>1</script></html>')]),
  },
  { name: 'twice', harm: (bytes) => Buffer.concat([bytes, bytes]) },
  {
    name: 'huge-size',
    harm: (bytes, lot) => resize(bytes, lot.pick([9_000, 16_383, 65_535]), lot.pick([9_000, 16_384])),
  },
  { name: 'no-size', harm: (bytes, lot) => resize(bytes, lot.pick([0, 64]), 0) },
  { name: 'wide-size', harm: (bytes) => resize(bytes, 16_000, 1) },
  { name: 'doubled-size', harm: (bytes, lot) => resize(bytes, 240 + lot.below(9), 176) },
  { name: 'brand', harm: rebrand },
  { name: 'huge-metadata', harm: addMetadata },
  { name: 'odd-profile', harm: addProfile },
  { name: 'text-bomb', harm: addTextBomb },
  { name: 'many-parts', harm: addParts },
  { name: 'many-frames', harm: addFrames },
  { name: 'many-scans', harm: addScans },
  { name: 'other-kind', harm: (_bytes, lot) => Buffer.from(lot.pick(otherKinds), 'latin1') },
  {
    name: 'other-name',
    harm: (bytes, lot) => Buffer.concat([Buffer.from(lot.pick(signatures), 'hex'), bytes.subarray(8)]),
  },
];

const otherKinds = [
  '',
  '\n',
  'text',
  '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
  '%PDF-1.7\n1 0 obj',
  'PK\x03\x04\x14\0\0\0',
  'MM\0*\0\0\0\x08',
  'BM\x46\0\0\0\0\0\0\0',
  'push graphic-context\nviewbox 0 0 640 480',
  '\0\0\0\x18ftypmp42\0\0\0\0mp42isom',
  '\0\0\0\x0cjXL \r\n\x87\n',
  '{"a":'.repeat(2_000),
  'id=spacesaver\n',
  'vips\x08\xf2\xa6\xb6',
  '#EXTM3U\nconcat:http://127.0.0.1/',
];
/** Beginnings of the accepted formats. */
const signatures = [
  'ffd8ffe000104a46',
  '89504e470d0a1a0a',
  '4749463839610100',
  '5249464610000000',
  '0000001c66747970',
];

function flipBits(bytes: Buffer, lot: Lot, within = bytes.length): Buffer {
  const flipped = Buffer.from(bytes);
  for (let left = 1 + lot.below(8); left > 0 && flipped.length > 0; left--) {
    const at = lot.below(Math.min(within, flipped.length));
    flipped[at] = (flipped[at] as number) ^ (1 << lot.below(8));
  }
  return flipped;
}

function overwrite(bytes: Buffer, lot: Lot): Buffer {
  const written = Buffer.from(bytes);
  const filler = lot.pick([0x00, 0xff, 0x7f]);
  const from = lot.below(written.length + 1);
  return written.fill(filler, from, Math.min(written.length, from + 1 + lot.below(64)));
}

function dropPart(bytes: Buffer, lot: Lot): Buffer {
  const from = lot.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + lot.below(200))]);
}

function repeatPart(bytes: Buffer, lot: Lot): Buffer {
  const from = lot.below(bytes.length + 1);
  const part = bytes.subarray(from, from + 1 + lot.below(200));
  const times = 1 + lot.below(50);
  return Buffer.concat([bytes.subarray(0, from), ...Array(times).fill(part), bytes.subarray(from)]);
}

function isJpeg(bytes: Buffer): boolean {
  return bytes.length > 4 && bytes.readUInt16BE(0) === 0xffd8;
}

function isPng(bytes: Buffer): boolean {
  return bytes.length > 33 && bytes.readUInt32BE(0) === 0x89504e47;
}

function isWebp(bytes: Buffer): boolean {
  return bytes.length > 30 && bytes.toString('latin1', 8, 12) === 'WEBP';
}

function isGif(bytes: Buffer): boolean {
  return bytes.length > 13 && bytes.toString('latin1', 0, 4) === 'GIF8';
}

/** States another size in the header; what follows stays. */
function resize(bytes: Buffer, width: number, height: number): Buffer {
  const resized = Buffer.from(bytes);
  if (isJpeg(resized)) {
    const frame = [0xc0, 0xc1, 0xc2]
      .map((kind) => resized.indexOf(Buffer.from([0xff, kind])))
      .find((at) => at > 0);
    if (frame && frame + 9 < resized.length) {
      resized.writeUInt16BE(height, frame + 5);
      resized.writeUInt16BE(width, frame + 7);
    }
  } else if (isPng(resized)) {
    resized.writeUInt32BE(width, 16);
    resized.writeUInt32BE(height, 20);
    resized.writeUInt32BE(crc32(resized.subarray(12, 29)), 29);
  } else if (isGif(resized)) {
    resized.writeUInt16LE(width, 6);
    resized.writeUInt16LE(height, 8);
  } else if (isWebp(resized) && resized.toString('latin1', 12, 16) === 'VP8X') {
    resized.writeUIntLE(Math.max(0, width - 1), 24, 3);
    resized.writeUIntLE(Math.max(0, height - 1), 27, 3);
  } else {
    const ispe = resized.indexOf('ispe');
    if (ispe > 0 && ispe + 16 <= resized.length) {
      resized.writeUInt32BE(width, ispe + 8);
      resized.writeUInt32BE(height, ispe + 12);
    }
  }
  return resized;
}

function rebrand(bytes: Buffer, lot: Lot): Buffer {
  const branded = Buffer.from(bytes);
  if (branded.length > 12 && branded.toString('latin1', 4, 8) === 'ftyp') {
    branded.write(lot.pick(['avif', 'avis', 'heic', 'hevc', 'mif1', 'msf1', 'heix', 'mp42']), 8, 'latin1');
  }
  return branded;
}

/** Segments, chunks or blocks of what a decoder reads over, right behind the header. */
function insert(bytes: Buffer, part: { jpeg: Buffer; png: Buffer; gif: Buffer; webp: Buffer }): Buffer {
  const into = (at: number, inserted: Buffer) =>
    Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
  if (isJpeg(bytes)) return into(2, part.jpeg);
  if (isPng(bytes)) return into(33, part.png);
  if (isGif(bytes))
    return into(13 + ((bytes[10] ?? 0) & 0x80 ? 3 * 2 ** (((bytes[10] ?? 0) & 7) + 1) : 0), part.gif);
  if (!isWebp(bytes)) return bytes;
  const grown = Buffer.concat([bytes, part.webp]);
  grown.writeUInt32LE(grown.length - 8, 4);
  return grown;
}

function segment(kind: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, kind, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function riffChunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}

function comment(data: Buffer): Buffer {
  const blocks: Buffer[] = [Buffer.from([0x21, 0xfe])];
  for (let at = 0; at < data.length; at += 255) {
    const block = data.subarray(at, at + 255);
    blocks.push(Buffer.from([block.length]), block);
  }
  return Buffer.concat([...blocks, Buffer.from([0])]);
}

function addMetadata(bytes: Buffer, lot: Lot): Buffer {
  const exif = Buffer.concat([
    Buffer.from('Exif\0\0MM\0*\0\0\0\x08', 'latin1'),
    Buffer.from([0xff, 0xff]),
    lot.bytes(4_000),
  ]);
  const times = 1 + lot.below(40);
  return insert(bytes, {
    jpeg: Buffer.concat(Array(times).fill(segment(lot.pick([0xe0, 0xe1, 0xe2, 0xed, 0xfe]), exif))),
    png: Buffer.concat(Array(times).fill(pngChunk(lot.pick(['eXIf', 'tEXt', 'iTXt']), exif.subarray(6)))),
    gif: Buffer.concat(Array(times).fill(comment(exif))),
    webp: Buffer.concat(Array(times).fill(riffChunk(lot.pick(['EXIF', 'XMP ']), exif))),
  });
}

function addProfile(bytes: Buffer, lot: Lot): Buffer {
  const profile = Buffer.concat([Buffer.alloc(36), Buffer.from('acsp'), lot.bytes(500)]);
  profile.writeUInt32BE(lot.pick([profile.length, 0, 0xffffffff]), 0);
  profile.write(lot.pick(['RGB XYZ ', 'CMYKLab ', 'GRAYXYZ ']), 16, 'latin1');
  return insert(bytes, {
    jpeg: segment(0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), profile])),
    png: pngChunk('iCCP', Buffer.concat([Buffer.from('odd\0\0', 'latin1'), deflateSync(profile)])),
    gif: comment(profile),
    webp: riffChunk('ICCP', profile),
  });
}

let zeros: Buffer | undefined;

/** Text that takes 32 MB once it is inflated. */
function addTextBomb(bytes: Buffer, lot: Lot): Buffer {
  zeros ??= deflateSync(Buffer.alloc(32 * 1024 * 1024), { level: 9 });
  const data = Buffer.concat([Buffer.from('bomb\0\0', 'latin1'), zeros]);
  return insert(bytes, {
    jpeg: segment(0xfe, data.subarray(0, 60_000)),
    png: pngChunk(lot.pick(['zTXt', 'iCCP']), data),
    gif: comment(data),
    webp: riffChunk('XMP ', data),
  });
}

function addParts(bytes: Buffer, lot: Lot): Buffer {
  const times = 1_000 + lot.below(20_000);
  return insert(bytes, {
    jpeg: Buffer.concat(Array(times).fill(segment(0xfe, Buffer.from('x')))),
    png: Buffer.concat(Array(times).fill(pngChunk('tEXt', Buffer.from('a\0b')))),
    gif: Buffer.concat(Array(times).fill(comment(Buffer.from('x')))),
    webp: Buffer.concat(Array(times).fill(riffChunk('junk', Buffer.alloc(0)))),
  });
}

/** Many frames of an animation, or the word that there are. */
function addFrames(bytes: Buffer, lot: Lot): Buffer {
  const times = lot.pick([100, 9_000, 30_000]);
  if (isPng(bytes)) {
    const control = Buffer.alloc(8);
    control.writeUInt32BE(lot.pick([times, 0xffffffff]), 0);
    return insert(bytes, { jpeg: bytes, png: pngChunk('acTL', control), gif: bytes, webp: bytes });
  }
  if (isGif(bytes)) {
    const image = Buffer.from('2c000000000100010000020244010000', 'hex').subarray(0, 15);
    return Buffer.concat([bytes.subarray(0, -1), ...Array(times).fill(image), Buffer.from(';')]);
  }
  if (!isWebp(bytes)) return bytes;
  const frame = Buffer.alloc(24);
  frame.write('VP8L', 16, 'latin1');
  const grown = Buffer.concat([bytes, ...Array(times).fill(riffChunk('ANMF', frame))]);
  grown.writeUInt32LE(grown.length - 8, 4);
  return grown;
}

/** The last scan of a JPEG again and again. */
function addScans(bytes: Buffer, lot: Lot): Buffer {
  const scan = isJpeg(bytes) ? bytes.lastIndexOf(Buffer.from([0xff, 0xda])) : -1;
  if (scan < 0) return bytes;
  const again = bytes.subarray(scan, bytes.length - 2);
  const times = Math.min(lot.pick([10, 300, 3_000]), Math.floor(4_000_000 / Math.max(1, again.length)));
  return Buffer.concat([
    bytes.subarray(0, bytes.length - 2),
    ...Array(times).fill(again),
    bytes.subarray(-2),
  ]);
}
