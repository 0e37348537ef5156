import { expect, test } from 'vitest';
import { chooseFormat } from './encoders.ts';

const grey = { width: 400, height: 300, alpha: false };

test.each(['png', 'jpg', 'webp'] as const)('%s is made as asked where it can hold the picture', (wanted) => {
  expect(chooseFormat(wanted, grey)).toEqual({ extension: wanted, notes: [] });
});

test.each([
  ['webp', { width: 16_383, height: 400 }, null],
  ['webp', { width: 16_384, height: 400 }, 'Made as PNG: WebP holds at most 16,383 pixels a side.'],
  ['webp', { width: 400, height: 16_384 }, 'Made as PNG: WebP holds at most 16,383 pixels a side.'],
  ['webp', { width: 10_000, height: 6_000 }, 'Made as PNG: as WebP no more than 50 megapixels are made.'],
  ['jpg', { width: 65_501, height: 400 }, 'Made as PNG: JPEG holds at most 65,500 pixels a side.'],
  ['jpg', { width: 400, height: 300, alpha: true }, 'Made as PNG: JPEG has no transparency.'],
  ['png', { width: 100_000, height: 2_000, alpha: true }, null],
] as const)('%s of %o: %s', (wanted, picture, note) => {
  const chosen = chooseFormat(wanted, { ...grey, ...picture });
  expect(chosen).toEqual(note ? { extension: 'png', notes: [note] } : { extension: wanted, notes: [] });
});
