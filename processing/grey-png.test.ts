import sharp from 'sharp';
import { expect, test } from 'vitest';
import { encodeGreyPng } from './grey-png.ts';
import { seededRandom } from './testing/drawings.ts';

const random = seededRandom(3);

/** Samples by a rule, as scanlines in stripes of so many rows. */
function* stripesOf(samples: Uint8Array, width: number, rows: number): Generator<Uint8Array> {
  const height = samples.length / width;
  for (let from = 0; from < height; from += rows) {
    const to = Math.min(from + rows, height);
    const stripe = new Uint8Array((to - from) * (width + 1));
    for (let row = from; row < to; row++) {
      stripe.set(samples.subarray(row * width, (row + 1) * width), (row - from) * (width + 1) + 1);
    }
    yield stripe;
  }
}

test.each<[string, number, number, number, () => number]>([
  ['noise in one stripe', 60, 40, 40, () => random() * 256],
  ['noise in stripes of different heights', 60, 40, 7, () => random() * 256],
  ['white, whose checksum overflows soonest', 900, 700, 100, () => 255],
  ['white with some noise', 300, 200, 50, () => (random() < 0.1 ? random() * 256 : 255)],
  ['one pixel', 1, 1, 1, () => 77],
  ['one column', 1, 50, 3, () => random() * 256],
])('%s is read back as it was', async (_name, width, height, rows, sample) => {
  const samples = Uint8Array.from({ length: width * height }, sample);
  const png = await encodeGreyPng(width, height, stripesOf(samples, width, rows));
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
  const png = await encodeGreyPng(1_000, 1_000, stripesOf(white, 1_000, 250));
  expect(png.length).toBeLessThan(10_000);
});
