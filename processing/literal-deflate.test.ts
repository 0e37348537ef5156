import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { huffmanLengths } from './huffman-codes.ts';
import { deflateLiterals } from './literal-deflate.ts';
import { seededRandom } from './testing/drawings.ts';

const random = seededRandom(5);
const endOfStream = Buffer.from([0x03, 0x00]);

test.each<[string, number, (index: number) => number]>([
  ['nothing', 0, () => 0],
  ['one byte', 1, () => 200],
  ['one value', 5_000, () => 255],
  ['noise of odd length', 100_001, () => random() * 256],
  ['levels each half as frequent as the one before', 300_000, () => Math.min(255, -Math.log2(random()))],
])('zlib inflates %s to what it was', (_name, length, byte) => {
  const data = Uint8Array.from({ length }, (_, index) => byte(index));
  const stream = Buffer.concat([deflateLiterals(data), deflateLiterals(data), endOfStream]);
  expect(Buffer.compare(inflateRawSync(stream), Buffer.concat([data, data]))).toBe(0);
});

test.each([
  ['equal', () => 1],
  ['absent', () => 0],
  ['of every size', (symbol: number) => 2 ** (symbol % 32) - 1],
  [
    'Fibonacci numbers, whose tree is the deepest',
    (symbol: number) => Math.round(1.618 ** Math.min(symbol, 45)),
  ],
])('frequencies that are %s give a complete code within the limit', (_name, frequency) => {
  const lengths = huffmanLengths(
    Uint32Array.from({ length: 257 }, (_, symbol) => frequency(symbol)),
    12,
  );
  expect(Math.max(...lengths)).toBeLessThanOrEqual(12);
  expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
});

test('frequent symbols get the shorter codes', () => {
  const lengths = [...huffmanLengths(Uint32Array.from([1, 100, 10, 1_000]), 12)];
  expect(lengths).toEqual([3, 2, 3, 1]);
});
