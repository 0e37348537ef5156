import { deflateRawSync, constants as zlib } from 'node:zlib';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { pngChunk } from './testing/hostile/harms.ts';
import { runGenerated, runOne } from './testing/hostile/run-generated.ts';
import { defects, summarize } from './testing/hostile/summary.ts';

test('5,000 hostile files stop no child, take no more than their memory and none is our fault', async () => {
  const outcomes = await runGenerated(2, 5_000);
  console.log(summarize(outcomes));
  expect(outcomes).toHaveLength(5_000);
  expect(defects(outcomes)).toEqual([]);
  expect(Math.max(...outcomes.map(({ peakBytes }) => peakBytes ?? 0))).toBeLessThan(1_200e6);
});

test.each(['sketch', 'remove-background'] as const)(
  'a deep PNG of 100 megapixels that lacks its end takes no more than its memory: %s',
  async (operation) => {
    const outcome = await runOne(endlessPng(10_000), operation);
    expect(outcome.ending.kind).toBe('result');
    expect(outcome.peakBytes ?? 0).toBeLessThan(1_200e6);
  },
);

test('noise of 108 megapixels, the most that telephones make, is cut out within the memory of a child', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const create = { width: 12_000, height: 9_000, channels: 3, background: 'white', noise } as const;
  const picture = await sharp({ create, limitInputPixels: false }).jpeg({ quality: 50 }).toBuffer();
  const outcome = await runOne(picture, 'remove-background');
  expect(outcome.ending.kind).toBe('result');
  expect(outcome.peakBytes ?? 0).toBeLessThan(1_200e6);
});

/** A square PNG of 16 bits a sample, black, that ends with its last row. */
function endlessPng(side: number): Buffer {
  const rows = side / 10;
  const part = deflateRawSync(Buffer.alloc(rows * (1 + 6 * side)), { finishFlush: zlib.Z_FULL_FLUSH });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([16, 2], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', Buffer.concat([Buffer.from([0x78, 0x01]), ...Array<Buffer>(10).fill(part)])),
  ]);
}
