import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FailureCode } from '@spillway/core/errors.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CheckedImage } from './checked-image.ts';
import { decodeRgb, openPicture, restrictSharp } from './decode.ts';
import { createLibheif } from './heic-library.ts';
import { checkInput } from './input-gate.ts';
import { defaultInputLimits, type InputLimits } from './input-limits.ts';
import type { Samples } from './samples.ts';
import { asSharp, type Drawing, drawScene, seededRandom } from './testing/drawings.ts';
import { codedPictureOf, type HeifFile, writeHeif } from './testing/heic/heif-file.ts';
import { alphaOf, heicScene, sceneSize } from './testing/heic/scene.ts';

const fixtures = fileURLToPath(new URL('./testing/heic/', import.meta.url));
const scene = heicScene();
const { width, height } = sceneSize;
/**
 * Mean difference of a sample, in levels, that compression of the noisy drawing makes by itself; a picture that is
 * turned wrongly has 45 and more.
 */
const tolerance = 6;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-heic-'));
  restrictSharp(1);
});
afterAll(() => rm(folder, { recursive: true }));

function fixture(name: string): Promise<Buffer> {
  return readFile(join(fixtures, `${name}.heic`));
}

async function check(bytes: Uint8Array, limits: Partial<InputLimits> = {}): Promise<CheckedImage> {
  const path = join(folder, 'picture');
  await writeFile(path, bytes);
  return await checkInput(path, { ...defaultInputLimits, ...limits });
}

async function decode(bytes: Uint8Array): Promise<Samples> {
  return await decodeRgb(await check(bytes));
}

/** The plain picture in a container of the test's own. */
async function wrapped(file: Partial<HeifFile>): Promise<Buffer> {
  const tiles = [codedPictureOf(await fixture('plain'))];
  return writeHeif({ tiles, tileSize: [width, height], ...file });
}

async function expectRefusal(attempt: Promise<unknown>, code: FailureCode, message?: RegExp): Promise<void> {
  const error = await attempt.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'PermanentError', code });
  if (message) expect((error as Error).message).toMatch(message);
}

function difference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
}

/** The drawing, turned clockwise as a viewer should show it. */
async function turned(drawing: Drawing, degrees: number): Promise<Uint8Array> {
  return await asSharp(drawing).rotate(degrees).raw().toBuffer();
}

/** A drawing in Display P3 as sRGB shows it, by the definition of both and not by any profile. */
function p3AsSrgb({ data, ...size }: Drawing): Drawing {
  const linear = (level: number): number =>
    level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
  const curved = (light: number): number =>
    light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
  const matrix = [
    [1.22494, -0.22494, 0],
    [-0.042057, 1.042057, 0],
    [-0.019638, -0.078636, 1.098274],
  ];
  const converted = Uint8Array.from(data, (_, index) => {
    const pixel = index - (index % 3);
    const row = matrix[index % 3] ?? [];
    const light = row.reduce((sum, share, i) => sum + share * linear((data[pixel + i] ?? 0) / 255), 0);
    return Math.round(255 * curved(Math.min(1, Math.max(0, light))));
  });
  return { data: converted, ...size };
}

test.each(['plain', 'ten-bit'])('%s shows the drawing', async (name) => {
  const bytes = await fixture(name);
  expect(await check(bytes)).toMatchObject({ type: 'heic', width, height });
  const pixels = await decode(bytes);
  expect(pixels).toMatchObject({ width, height });
  expect(difference(pixels.data, scene.data)).toBeLessThan(tolerance);
});

test('a picture without colour shows the drawing in grey', async () => {
  const grey = await asSharp(scene).greyscale().toColourspace('b-w').raw().toBuffer();
  const { data } = await decode(await fixture('grey'));
  const red = data.filter((_, index) => index % 3 === 0);
  expect(difference(red, grey)).toBeLessThan(tolerance);
});

test('tiles as telephones write them are joined, turned once, and taken from Display P3 to sRGB', async () => {
  const bytes = await fixture('phone');
  expect(await check(bytes)).toMatchObject({ type: 'heic', width: height, height: width });
  const { data } = await decode(bytes);
  expect(difference(data, await turned(p3AsSrgb(scene), 90))).toBeLessThan(tolerance);
  expect(difference(data, await turned(scene, 90))).toBeGreaterThan(tolerance);
});

test.each([1, 2, 3])('%i quarter turns of the container are made', async (quarterTurns) => {
  const { data } = await decode(await wrapped({ quarterTurns }));
  expect(difference(data, await turned(scene, 360 - 90 * quarterTurns))).toBeLessThan(tolerance);
});

test('a crop of the container is made, and its shape is checked like any other', async () => {
  const { data } = await decode(await wrapped({ crop: [140, 90] }));
  const middle = await asSharp(scene).extract({ left: 20, top: 15, width: 140, height: 90 }).raw().toBuffer();
  expect(difference(data, middle)).toBeLessThan(tolerance);
  await expectRefusal(check(await wrapped({ crop: [102, 2] })), 'aspect_too_extreme', /102 x 2/);
});

test('an orientation in Exif alone turns nothing, as HEIF wants it', async () => {
  const { data } = await decode(await wrapped({ exifOrientation: 6 }));
  expect(difference(data, scene.data)).toBeLessThan(tolerance);
});

test('Display P3 by its numbers alone is converted too', async () => {
  const colour = Buffer.from('nclx\0\x0c\0\x0d\0\x06\x80', 'latin1');
  const { data } = await decode(await wrapped({ colour }));
  expect(difference(data, p3AsSrgb(scene).data)).toBeLessThan(tolerance);
});

test('a profile that is none does no harm', async () => {
  const { data } = await decode(await wrapped({ colour: Buffer.from(`prof${'x'.repeat(400)}`) }));
  expect(difference(data, scene.data)).toBeLessThan(tolerance);
});

test('transparency is kept', async () => {
  const picture = await openPicture(await check(await fixture('alpha')));
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(4);
  const alpha = data.filter((_, index) => index % 4 === 3);
  expect(difference(alpha, alphaOf(width, height))).toBeLessThan(2);
});

test.each(['alpha', 'premultiplied'])('transparency of %s is laid on white', async (name) => {
  const alpha = alphaOf(width, height);
  const onWhite = scene.data.map((level, index) => {
    const share = (alpha[Math.floor(index / 3)] ?? 0) / 255;
    const colour = name === 'alpha' ? level * share : Math.min(level, 255 * share);
    return Math.round(colour + 255 * (1 - share));
  });
  const { data } = await decode(await fixture(name));
  expect(difference(data, onWhite)).toBeLessThan(tolerance);
});

test('the primary one of several pictures is decoded, and all are counted', async () => {
  const bytes = await fixture('two-pictures');
  expect(await decode(bytes)).toMatchObject({ width: 64, height: 48 });
  await expectRefusal(check(bytes, { maxPages: 1 }), 'image_too_large', /2 frames/);
});

test.each(['avif', 'mif1', 'heix'])('HEVC labelled %s is decoded as HEIC', async (brand) => {
  const bytes = await wrapped({ brand });
  expect(await check(bytes)).toMatchObject({ type: 'heic' });
  expect(difference((await decode(bytes)).data, scene.data)).toBeLessThan(tolerance);
});

test.each(['heic', 'mif1'])('AV1 labelled %s is decoded as AVIF', async (brand) => {
  const bytes = await asSharp(scene).avif({ effort: 0, quality: 75 }).toBuffer();
  bytes.write(brand, 8, 'latin1');
  expect(await check(bytes)).toMatchObject({ type: 'avif', width, height });
  expect(difference((await decode(bytes)).data, scene.data)).toBeLessThan(tolerance);
});

test.each([
  [60_000, 60_000, 'image_too_large', /60000 x 60000/],
  [2_147_483_647, 1, 'image_too_large', /2147483647 x 1/],
  [4_294_967_295, 4_294_967_295, 'image_too_large', /4294967295 x 4294967295/],
  [0, 0, 'corrupt_image', /damaged/],
  [12_000, 9_000, 'image_too_large', /no more than \d+ megapixels fit into memory/],
  [40, 4_000, 'aspect_too_extreme', /50 times/],
] as const)(
  'a header of %i x %i is refused before any pixel is decoded',
  async (wide, high, code, message) => {
    await expectRefusal(check(await wrapped({ size: [wide, high] })), code, message);
  },
);

test.each([
  [width / 2, height / 2],
  [width * 2, height * 2],
  [width, height - 8],
])('a picture whose header wrongly says %i x %i is refused', async (wide, high) => {
  const error = await decode(await wrapped({ size: [wide, high] })).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'PermanentError' });
});

test('libheif may grow as far as a large picture needs', async () => {
  const tiles = [codedPictureOf(await fixture('larger-than-it-says'))];
  const { data } = await decode(writeHeif({ tiles, tileSize: [4_096, 4_096] }));
  expect(data.length).toBe(4_096 * 4_096 * 3);
  expect([...data.subarray(-3)].map((level) => level >> 4)).toEqual([3, 10, 7]);
});

test('a picture of 16 megapixels that claims 64 x 64 is refused before it takes memory', async () => {
  const bytes = await fixture('larger-than-it-says');
  // Where its memory ran out instead, it would be `corrupt_image`.
  await expectRefusal(decode(bytes), 'image_too_large', /larger than its header says/);
});

test('libheif gets no more memory than it is given', () => {
  const lib = createLibheif({ bytes: 32 * 1024 * 1024 });
  expect(lib._malloc(64 * 1024 * 1024)).toBe(0);
  expect(lib._malloc(1024)).toBeGreaterThan(0);
});

test.each(['plain', 'phone'])('%s cut off anywhere is refused', async (name) => {
  const whole = await fixture(name);
  // The last 30 bytes of `phone` are Exif's.
  const cuts = [32, 100, 400, 900, 1_200, 0.3 * whole.length, 0.6 * whole.length, whole.length - 31];
  for (const length of cuts) await expectRefusal(decode(whole.subarray(0, length)), 'corrupt_image');
});

test('random bytes after the index are refused', async () => {
  const bytes = await fixture('plain');
  drawScene(80, 60).data.forEach((value, index) => {
    const at = bytes.indexOf('mdat') + 8 + index;
    if (at < bytes.length) bytes[at] = value;
  });
  await expectRefusal(decode(bytes), 'corrupt_image');
});

test('files with a few wrong bytes are decoded or refused, never worse', async () => {
  const random = seededRandom(3);
  for (const name of ['plain', 'phone', 'alpha']) {
    const whole = await fixture(name);
    for (let round = 0; round < 8; round++) {
      const bytes = Buffer.from(whole);
      for (let wrong = 0; wrong < 3; wrong++) {
        const range = round % 2 === 0 ? 900 : bytes.length;
        bytes[Math.floor(random() * range)] = Math.floor(random() * 256);
      }
      const outcome = await decode(bytes).catch((thrown: unknown) => thrown);
      expect(outcome instanceof Error ? outcome.name : 'decoded').toMatch(/^(decoded|PermanentError)$/);
    }
  }
});

test('fifty pictures leave no memory behind', async () => {
  const large = await fixture('phone');
  const before = await memoryAfter(large, 5);
  const after = await memoryAfter(large, 50);
  // Each takes 2 MiB and more while it is decoded.
  expect(after - before).toBeLessThan(64 * 1024 * 1024);
});

async function memoryAfter(bytes: Buffer, pictures: number): Promise<number> {
  for (let count = 0; count < pictures; count++) await decode(bytes);
  return process.memoryUsage.rss();
}

test('nothing of the source but its pixels reaches a result', async () => {
  const picture = await openPicture(await check(await fixture('phone')));
  const path = join(folder, 'result.png');
  await picture.autoOrient().toFile(path);
  const { exif, icc, orientation } = await sharp(path).metadata();
  expect({ exif, icc, orientation }).toEqual({});
});
