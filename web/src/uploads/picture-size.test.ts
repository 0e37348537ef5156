import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { pixelsOf } from './picture-size.ts';

const [width, height] = [311, 207];
const picture = sharp({
  create: { width, height, channels: 4, background: { r: 9, g: 90, b: 200, alpha: 0.5 } },
});
const blobOf = (bytes: Buffer) => new Blob([new Uint8Array(bytes)]);

describe('reads the pixels from the head of a real', () => {
  it.each([
    ['JPEG', () => picture.jpeg()],
    [
      'progressive JPEG with metadata before the frame',
      () => picture.jpeg({ progressive: true }).withMetadata(),
    ],
    ['PNG', () => picture.png()],
    ['GIF', () => picture.gif()],
    ['WebP', () => picture.clone().removeAlpha().webp()],
    ['lossless WebP', () => picture.webp({ lossless: true })],
    ['WebP with transparency', () => picture.webp()],
    ['AVIF', () => picture.avif()],
  ])('%s', async (_, encode) => {
    expect(await pixelsOf(blobOf(await encode().toBuffer()))).toBe(width * height);
  });
});

it.each([
  ['a HEIC', 'plain', 180 * 120],
  ['a HEIC whose second picture is larger than the one that is shown', 'two-pictures', 64 * 48],
])('reads the pixels of %s', async (_, name, pixels) => {
  const file = new URL(`../../../processing/testing/heic/${name}.heic`, import.meta.url);
  expect(await pixelsOf(blobOf(await readFile(file)))).toBe(pixels);
});

it.each<[string, () => Promise<Buffer>]>([
  ['an empty file', async () => Buffer.alloc(0)],
  ['a text', async () => Buffer.from('This is no picture, though long enough to hold the head of one.')],
  ['a JPEG that is cut off in its head', async () => (await picture.jpeg().toBuffer()).subarray(0, 30)],
  ['a JPEG whose segments lead nowhere', async () => Buffer.from('ffd8ffe0000000000000', 'hex')],
  [
    'a PNG without sides',
    async () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(20)]),
  ],
])('says nothing of %s', async (_, make) => {
  expect(await pixelsOf(blobOf(await make()))).toBeNull();
});

it('reads no more than the head of a large file', async () => {
  const bytes = await picture.png().toBuffer();
  const file = blobOf(Buffer.concat([bytes, Buffer.alloc(2_000_000)]));
  const asked: (number | undefined)[] = [];
  const slice = file.slice.bind(file);
  file.slice = (start, end) => {
    asked.push(end);
    return slice(start, end);
  };
  expect(await pixelsOf(file)).toBe(width * height);
  expect(asked).toEqual([256 * 1_024]);
});
