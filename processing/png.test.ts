import sharp from 'sharp';
import { expect, test } from 'vitest';
import { encodePng } from './png.ts';
import type { RowSource } from './samples.ts';
import { seededRandom } from './testing/drawings.ts';

const random = seededRandom(3);

/** The rows of contiguous samples. */
function rowsOf(samples: Uint8Array, width: number): RowSource {
  return (row, target, start) => target.set(samples.subarray(row * width, (row + 1) * width), start);
}

test.each<[string, number, number, (index: number) => number]>([
  ['noise', 60, 40, () => random() * 256],
  ['noise in several stripes', 700, 1_001, () => random() * 256],
  ['white, whose checksum overflows soonest', 900, 700, () => 255],
  ['white with some noise', 300, 200, () => (random() < 0.1 ? random() * 256 : 255)],
  ['stripes of white among stripes of noise', 1_000, 1_500, (index) => (index >> 19) % 2 || random() * 256],
  ['levels each half as frequent as the one before', 500, 500, () => Math.min(255, -Math.log2(random()))],
  ['levels in an order that no sample shows', 257, 300, (index) => (index % 5 ? index % 256 : 255)],
  ['one pixel', 1, 1, () => 77],
  ['one column', 1, 50, () => random() * 256],
])('%s is read back as it was', async (_name, width, height, sample) => {
  const samples = Uint8Array.from({ length: width * height }, (_, index) => sample(index));
  const png = await encodePng({ width, height, channels: 1, writeRow: rowsOf(samples, width) });
  // The strictest reading: libpng then refuses wrong checksums and surplus data.
  const { data, info } = await sharp(png, { failOn: 'warning' })
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width, height, channels: 1 });
  expect(Buffer.compare(data, samples)).toBe(0);
  expect(await sharp(png).metadata()).toMatchObject({ space: 'b-w', channels: 1, depth: 'uchar' });
});

test('flat pictures become small', async () => {
  const white = new Uint8Array(1_000 * 1_000).fill(255);
  const png = await encodePng({ width: 1_000, height: 1_000, channels: 1, writeRow: rowsOf(white, 1_000) });
  expect(png.length).toBeLessThan(10_000);
});

test.each([
  [3, 1, 1],
  [3, 61, 40],
  [4, 1, 7],
  [4, 333, 500],
] as const)('%i channels, %i x %i, are read back as they were', async (channels, width, height) => {
  const samples = Uint8Array.from({ length: width * height * channels }, () => random() * 256);
  const png = await encodePng({ width, height, channels, writeRow: rowsOf(samples, width * channels) });
  const { data, info } = await sharp(png, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width, height, channels });
  expect(Buffer.compare(data, samples)).toBe(0);
});
