import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { resizeBicubic } from './pillow-resize.ts';
import type { Samples } from './samples.ts';

const sides = z.tuple([z.int(), z.int()]);
const goldenSchema = z.array(z.object({ from: sides, to: sides, sha256: z.string() }));

test('resizes to the very bytes that Pillow makes', async () => {
  const path = new URL('./testing/blip/resized.json', import.meta.url);
  const golden = goldenSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  expect(golden.length).toBeGreaterThan(0);
  for (const { from, to, sha256 } of golden) {
    const resized = resizeBicubic(noise(...from), ...to);
    expect(createHash('sha256').update(resized.data).digest('hex'), `${from} to ${to}`).toBe(sha256);
  }
});

/** As in bench/peers/caption_golden.py. */
function noise(width: number, height: number): Samples {
  let state = 1;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 16) & 255;
  });
  return { data, width, height, channels: 3 };
}
