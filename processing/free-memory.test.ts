import sharp from 'sharp';
import { expect, test } from 'vitest';
import { freeMemory } from './free-memory.ts';

test('the memory of a picture is given back at once, its own or that of sharp', async () => {
  const create = { width: 300, height: 300, channels: 3, background: 'white' } as const;
  for (const pixels of [new Uint8Array(1_000_000), await sharp({ create }).raw().toBuffer()]) {
    expect(pixels.length).toBeGreaterThan(0);
    freeMemory(pixels);
    expect(pixels.length).toBe(0);
  }
});

test('memory that others share stays', () => {
  const shared = new Uint8Array(100);
  freeMemory(shared.subarray(10));
  freeMemory(Buffer.from('a small one of the pool'));
  expect(shared).toHaveLength(100);
  expect(Buffer.from('the pool still works').toString()).toBe('the pool still works');
});
