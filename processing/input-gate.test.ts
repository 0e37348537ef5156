import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import type { FailureCode } from '@spillway/core/errors.ts';
import { type PictureType, pictureTypeNames } from '@spillway/core/picture-types.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CheckedImage } from './checked-image.ts';
import { decodeRgb, restrictSharp } from './decode.ts';
import { notesOnMissing, tolerate } from './incomplete.ts';
import { checkInput } from './input-gate.ts';
import { defaultInputLimits, type InputLimits } from './input-limits.ts';
import { asSharp, drawScene } from './testing/drawings.ts';

const scene = drawScene(64, 48);
let folder: string;
let jpeg: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-gate-'));
  jpeg = await asSharp(scene).jpeg().toBuffer();
  restrictSharp(1);
});
afterAll(() => rm(folder, { recursive: true }));

async function check(bytes: Uint8Array | string, limits: Partial<InputLimits> = {}): Promise<CheckedImage> {
  const path = join(folder, 'picture.jpg');
  await writeFile(path, bytes);
  return await checkInput(path, { ...defaultInputLimits, ...limits });
}

async function decode(bytes: Uint8Array): Promise<CheckedImage> {
  const image = await check(bytes);
  try {
    await decodeRgb(image);
    return image;
  } catch (error) {
    const tolerated = await tolerate(image, error);
    await decodeRgb(tolerated);
    return tolerated;
  }
}

async function expectRefusal(attempt: Promise<unknown>, code: FailureCode, message?: RegExp): Promise<void> {
  const error = await attempt.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'PermanentError', code });
  expect((error as Error).message).not.toContain(folder);
  if (message) expect((error as Error).message).toMatch(message);
}

/** A PNG whose header claims a size; its pixels are there only as far as `rows` says. */
function pngOfSize(width: number, height: number, rows = 1): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.alloc((width + 1) * rows));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** An ISO base media file that says what it is and holds nothing. */
function isoMedia(brand: string): Buffer {
  const box = Buffer.alloc(24);
  box.writeUInt32BE(24, 0);
  box.write('ftyp', 4);
  box.write(brand, 8);
  box.write('mif1', 16);
  box.write(brand, 20);
  return box;
}

test.each<[PictureType, () => Promise<Buffer>]>([
  ['jpeg', () => asSharp(scene).jpeg().toBuffer()],
  ['png', () => asSharp(scene).png().toBuffer()],
  ['webp', () => asSharp(scene).webp().toBuffer()],
  ['avif', () => asSharp(scene).avif({ effort: 0 }).toBuffer()],
  ['gif', () => asSharp(scene).gif().toBuffer()],
])('%s is accepted by its content, whatever its name', async (type, encode) => {
  const bytes = await encode();
  expect(await check(bytes)).toMatchObject({ type, width: 64, height: 48 });
  await expect(decode(bytes)).resolves.toMatchObject({ type });
});

test('a picture of one pixel is accepted', async () => {
  const bytes = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  expect(await decode(bytes)).toMatchObject({ width: 1, height: 1 });
});

test('dimensions are those a person sees', async () => {
  const turned = await asSharp(scene).jpeg().withMetadata({ orientation: 6 }).toBuffer();
  expect(await check(turned)).toMatchObject({ width: 48, height: 64 });
});

test('an empty file is refused', () => expectRefusal(check(''), 'empty_file'));

test('a file over the size limit is refused before it is read', () =>
  expectRefusal(check(jpeg, { maxBytes: 100 }), 'file_too_large', /limit is/));

test.each<[string, Uint8Array | string]>([
  ['a text file', 'This is no picture.'],
  ['a text file', Buffer.from('\ufeffÜber Bilder', 'utf16le')],
  ['an SVG drawing', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
  ['an SVG drawing', '<!-- drawn --><svg width="9" height="9"/>'],
  ['an HTML page', '<!doctype html><html lang="en"></html>'],
  ['a JSON file', '{"picture": null}'],
  ['a PDF document', '%PDF-1.7\n%âãÏÓ\n1 0 obj\n<</Type/Catalog>>\nendobj\n'],
  ['a ZIP archive', Buffer.from('504b0506000000000000000000000000000000000000', 'hex')],
  ['a 7-Zip archive', Buffer.from('377abcaf271c00040000000000000000', 'hex')],
  ['a gzip archive', Buffer.from('1f8b0800000000000003', 'hex')],
  ['a video', Buffer.from('00000018667479706d703432000000006d70343269736f6d', 'hex')],
  ['a sound recording', Buffer.from('4944330400000000000a00000000000000000000', 'hex')],
  ['a BMP picture', Buffer.from('424d46000000000000003600000028000000020000000200', 'hex')],
  ['an icon (ICO)', Buffer.from('00000100010010100000010020006804000016000000', 'hex')],
  ['a Photoshop file', Buffer.from('384250530001000000000000000300000009000000090008', 'hex')],
  ['a JPEG XL picture', Buffer.from('ff0a7f0000000000', 'hex')],
  ['a TIFF picture', Buffer.concat([Buffer.from('49492a00ffffff00', 'hex'), Buffer.alloc(70_000, 1)])],
  [
    'a TGA picture',
    Buffer.concat([Buffer.from('000002000000000000000000100010001800', 'hex'), Buffer.alloc(768)]),
  ],
  ['a JPEG 2000 picture', Buffer.from('0000000c6a5020200d0a870a00000014667479706a703220', 'hex')],
  ['a JPEG-LS picture', Buffer.from('ffd8fff7000b080009000901011100ffd9', 'hex')],
  ['a JPEG with 12 bits a sample', Buffer.from('ffd8ffc1000b0c0009000901011100ffd9', 'hex')],
  ['a hierarchical JPEG', Buffer.from('ffd8ffc5000b080009000901011100ffd9', 'hex')],
  ['a Netpbm picture', 'P6 2 2 255 012345678901'],
  ['of no kind that is known here', Buffer.from(drawScene(40, 40, 7).data)],
])('%s named .jpg is refused as what it is', (name, bytes) =>
  expectRefusal(
    check(bytes),
    'unsupported_type',
    new RegExp(`^The file is ${name.replace(/[()]/g, '.')}[,.]`),
  ),
);

test.each<[string, string]>([
  ['PNG', '89504e470d0a1a0a'],
  ['PNG', '89504e470d0a1a0a0000000d4948445200000009'],
  ['JPEG', 'ffd8ff'],
  ['GIF', '474946383961'],
  ['WebP', '524946461000000057454250'],
  ['AVIF', '0000001c6674797061766966'],
])('a %s of nothing but its beginning is a picture that is cut', (_name, hex) =>
  expectRefusal(check(Buffer.from(hex, 'hex')), 'corrupt_image'),
);

test('TIFF, which sharp could read, is refused', async () => {
  await expectRefusal(check(await asSharp(scene).tiff().toBuffer()), 'unsupported_type');
});

test.each(['heic', 'heix', 'mif1', 'avif'])(
  'a container labelled %s with nothing in it is refused',
  (brand) => expectRefusal(check(isoMedia(brand)), 'corrupt_image'),
);

test('loaders that are not accepted are blocked in sharp itself', async () => {
  const path = join(folder, 'picture.svg');
  await writeFile(path, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  await expect(sharp(path).metadata()).rejects.toThrow();
  await expect(sharp(jpeg).metadata()).rejects.toThrow();
});

test.each<[string, () => Promise<Buffer> | Buffer]>([
  ['a JPEG cut in half', () => jpeg.subarray(0, jpeg.length / 2)],
  ['a JPEG of nothing but its first bytes', () => jpeg.subarray(0, 20)],
  [
    'a progressive JPEG cut in half',
    async () => half(await asSharp(scene).jpeg({ progressive: true }).toBuffer()),
  ],
  ['a PNG cut in half', async () => half(await asSharp(scene).png().toBuffer())],
  [
    'an interlaced PNG cut in half',
    async () => half(await asSharp(scene).png({ progressive: true }).toBuffer()),
  ],
  ['a WebP cut in half', async () => half(await asSharp(scene).webp().toBuffer())],
  ['an AVIF cut in half', async () => half(await asSharp(scene).avif({ effort: 0 }).toBuffer())],
  ['a GIF cut in half', async () => half(await asSharp(scene).gif().toBuffer())],
  ['a PNG that claims more rows than it has', () => pngOfSize(300, 300, 20)],
  ['a PNG with a flipped byte', async () => flipped(await asSharp(scene).png().toBuffer())],
])('%s is corrupt', async (_name, bytes) => {
  await expectRefusal(decode(await bytes()), 'corrupt_image');
});

const noisy = () => asSharp(drawScene(200, 160, 5));
const formats: Record<string, () => Promise<Buffer>> = {
  JPEG: () => noisy().jpeg().toBuffer(),
  'progressive JPEG': () => noisy().jpeg({ progressive: true }).toBuffer(),
  PNG: () => noisy().png().toBuffer(),
  'interlaced PNG': () => noisy().png({ progressive: true }).toBuffer(),
  GIF: () => noisy().gif().toBuffer(),
  WebP: () => noisy().webp().toBuffer(),
  'lossless WebP': () => noisy().webp({ lossless: true }).toBuffer(),
  AVIF: () => noisy().avif({ effort: 0 }).toBuffer(),
  HEIC: () => readFile(new URL('./testing/heic/plain.heic', import.meta.url)),
};

async function bytesOf(format: string): Promise<Buffer> {
  return (await formats[format]?.()) ?? Buffer.alloc(0);
}

test.each(Object.keys(formats))(
  'a %s of which half or more is gone is refused by how much',
  async (format) => {
    const bytes = await bytesOf(format);
    for (const kept of [0.5, 0.4]) {
      const cut = bytes.subarray(0, Math.floor(bytes.length * kept));
      await expectRefusal(
        decode(cut),
        'corrupt_image',
        /^The file is incomplete: (\d+ %|all) of the picture is missing\.$/,
      );
    }
  },
);

test.each([false, true])(
  'a JPEG cut in half with an end behind it lacks half (progressive: %s)',
  async (progressive) => {
    const cut = Buffer.concat([
      half(await noisy().jpeg({ progressive }).toBuffer()),
      Buffer.from([0xff, 0xd9]),
    ]);
    await expectRefusal(decode(cut), 'corrupt_image', /: [456]\d % of the picture is missing/);
  },
);

test.each([
  ['JPEG', 2],
  ['progressive JPEG', 2],
  ['PNG', 12],
  ['interlaced PNG', 12],
  ['GIF', 1],
] as const)('a %s that lacks only the mark at its end is whole', async (format, mark) => {
  const bytes = await bytesOf(format);
  expect(notesOnMissing(await decode(bytes.subarray(0, bytes.length - mark)))).toEqual([]);
});

test.each(['JPEG', 'progressive JPEG', 'PNG', 'GIF'])(
  'a %s that lacks a sliver is shown with a note',
  async (format) => {
    const bytes = await bytesOf(format);
    const image = await decode(bytes.subarray(0, bytes.length - 80));
    expect(notesOnMissing(image)).toEqual([
      expect.stringMatching(/^The file ends too early: (less than 1|[1-4]) % of the picture is missing\.$/),
    ]);
  },
);

test.each(['miaf', 'mif2', 'MA1B'])(
  'an AVIF whose first brand is %s is told by those behind it',
  async (brand) => {
    const bytes = await asSharp(scene).avif({ effort: 0 }).toBuffer();
    bytes.write(brand, 8, 'latin1');
    expect(await decode(bytes)).toMatchObject({ type: 'avif', width: 64 });
  },
);

test('an animated WebP that is cut behind its first frame shows that', async () => {
  const frames = [1, 2, 3].map((seed) => drawScene(64, 48, seed));
  const strip = sharp(Buffer.concat(frames.map(({ data }) => data)), {
    raw: { width: 64, height: 144, channels: 3, pageHeight: 48 },
  });
  const bytes = await strip.webp({ lossless: true }).toBuffer();
  const second = bytes.indexOf('ANMF', bytes.indexOf('ANMF') + 4);
  for (const cut of [second, second + 6, second + 60]) {
    const image = await check(bytes.subarray(0, cut));
    const shown = await decodeRgb(image);
    expect(meanDifference(shown.data, frames[0]?.data)).toBeLessThan(1);
  }
  await expectRefusal(check(bytes.subarray(0, second - 200)), 'corrupt_image', /% of the picture is missing/);
});

test.each([1, 2, 3, 4, 8, 11, 13, 15, 16, 18])(
  'a PNG that lacks its last %i bytes, of which none are pixels, is whole',
  async (lost) => {
    const bytes = await bytesOf('PNG');
    expect(notesOnMissing(await decode(bytes.subarray(0, bytes.length - lost)))).toEqual([]);
  },
);

test('a JPEG whose codes are arithmetic is shown whole, and not where it ends too early', async () => {
  const bytes = await readFile(new URL('./testing/hostile/arithmetic.jpg', import.meta.url));
  expect(await decode(bytes)).toMatchObject({ width: 96, height: 72 });
  for (const share of [0.4, 0.9]) {
    await expectRefusal(decode(bytes.subarray(0, bytes.length * share)), 'corrupt_image');
  }
});

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}

function flipped(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle);
  return bytes;
}

test('a JPEG with the invalid scan parameters that some telephones write is accepted', async () => {
  const bytes = Buffer.from(jpeg);
  const scan = bytes.indexOf(Buffer.from([0xff, 0xda]));
  const length = bytes.readUInt16BE(scan + 2);
  // End of spectral selection, 63 in any sequential JPEG.
  bytes.writeUInt8(0, scan + length);
  expect(await decode(bytes)).toMatchObject({ type: 'jpeg' });
});

test('a JPEG with stray bytes before a marker is accepted', async () => {
  const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
  const bytes = Buffer.concat([jpeg.subarray(0, scan), Buffer.alloc(8, 0x11), jpeg.subarray(scan)]);
  expect(await decode(bytes)).toMatchObject({ type: 'jpeg' });
});

test.each([
  [16_385, 16_000],
  [786_432, 32],
  [100_000, 100_000],
])('a header of %i x %i is refused before any pixel is decoded', (width, height) =>
  expectRefusal(check(pngOfSize(width, height)), 'image_too_large'),
);

test('more pixels than the limit are refused', () =>
  expectRefusal(check(pngOfSize(12_100, 9_000)), 'image_too_large', /108 megapixels/));

test.each([
  [1, 4_000],
  [4_000, 79],
])('%i x %i is too long and thin', (width, height) =>
  expectRefusal(check(pngOfSize(width, height)), 'aspect_too_extreme', /50 times/),
);

test('an aspect of exactly the limit is accepted', async () => {
  expect(await check(pngOfSize(4_000, 80))).toMatchObject({ width: 4_000, height: 80 });
});

/** Blocks that a decoder would walk one by one. */
const crowds: Record<string, () => Promise<Buffer>> = {
  WebP: async () => {
    const bytes = await asSharp(scene).webp().toBuffer();
    const frame = Buffer.concat([Buffer.from('ANMF\x10\0\0\0', 'latin1'), Buffer.alloc(16)]);
    return Buffer.concat([bytes, ...Array(20_000).fill(frame)]);
  },
  GIF: async () => {
    const bytes = await asSharp(scene).gif().toBuffer();
    const frame = Buffer.from('2c00000000010001000002024401', 'hex');
    return Buffer.concat([
      bytes.subarray(0, -1),
      ...Array(20_000).fill(Buffer.concat([frame, Buffer.alloc(1)])),
    ]);
  },
};

test.each(Object.keys(crowds))(
  '20,000 frames of a %s are counted by the structure of the file',
  async (format) => {
    const bytes = (await crowds[format]?.()) ?? Buffer.alloc(0);
    await expectRefusal(check(bytes), 'image_too_large', /has 2000[01] frames; the limit is 10000/);
  },
);

test('frames that a PNG states are believed', async () => {
  const bytes = await asSharp(scene).png().toBuffer();
  const control = Buffer.alloc(20);
  control.writeUInt32BE(8, 0);
  control.write('acTL', 4, 'latin1');
  control.writeUInt32BE(4_000_000_000, 8);
  control.writeUInt32BE(crc32(control.subarray(4, 16)), 16);
  const animated = Buffer.concat([bytes.subarray(0, 33), control, bytes.subarray(33)]);
  await expectRefusal(check(animated), 'image_too_large', /has 4000000000 frames/);
});

test('a JPEG in a great many scans is refused by their number and its size', async () => {
  const bytes = await asSharp(drawScene(800, 600)).jpeg({ progressive: true }).toBuffer();
  const scan = bytes.lastIndexOf(Buffer.from([0xff, 0xda]));
  const again = bytes.subarray(scan, scan + 40);
  const many = Buffer.concat([bytes.subarray(0, -2), ...Array(5_000).fill(again), bytes.subarray(-2)]);
  await expectRefusal(
    check(many),
    'image_too_large',
    /coded in 50\d\d passes; for that size the limit is 4166/,
  );
});

test('an AVIF that would take more memory than there is is refused by its size, before it is decoded', async () => {
  const bytes = await asSharp(scene).avif({ effort: 0 }).toBuffer();
  const size = bytes.indexOf('ispe') + 8;
  bytes.writeUInt32BE(10_000, size);
  bytes.writeUInt32BE(9_990, size + 4);
  await expectRefusal(
    check(bytes),
    'image_too_large',
    /as an AVIF.* no more than \d\d megapixels fit into memory/,
  );
});

test('what an operation takes counts as well', async () => {
  const path = join(folder, 'large.png');
  await writeFile(path, pngOfSize(9_000, 9_000));
  const work = (bytes: number) => ({
    accepts: pictureTypeNames,
    bytesPerPixel: () => bytes,
    copyPath: `${path}.still`,
  });
  await expect(checkInput(path, defaultInputLimits, work(9))).resolves.toMatchObject({ width: 9_000 });
  await expectRefusal(
    checkInput(path, defaultInputLimits, work(12)),
    'image_too_large',
    /no more than 72 megapixels/,
  );
});

test('an animation counts its frames, and only the first is decoded', async () => {
  const frames = [1, 2, 3].map((seed) => drawScene(64, 48, seed));
  const strip = sharp(Buffer.concat(frames.map(({ data }) => data)), {
    raw: { width: 64, height: 144, channels: 3, pageHeight: 48 },
  });
  for (const bytes of [
    await strip.clone().gif().toBuffer(),
    await strip.clone().webp({ lossless: true }).toBuffer(),
  ]) {
    const image = await check(bytes);
    const pixels = await decodeRgb(image);
    expect(pixels).toMatchObject({ width: 64, height: 48 });
    expect(meanDifference(pixels.data, frames[0]?.data)).toBeLessThan(12);
    await expectRefusal(check(bytes, { maxPages: 2 }), 'image_too_large', /3 frames/);
  }
});

function meanDifference(a: Uint8Array, b: Uint8Array | undefined): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b?.[index] ?? 0)), 0) / a.length;
}
