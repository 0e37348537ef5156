import { describe, expect, it } from 'vitest';
import { estimatePixels } from './pixels.ts';

const estimate = (size: number, contentType: string | null, pixels: number | null = null) =>
  estimatePixels({ size, contentType, pixels });

describe('the pixels of a picture', () => {
  it('are what its uploader says', () => {
    expect(estimate(3_000_000, 'image/jpeg', 12_000_000)).toBe(12_000_000);
    // A flat drawing, and noise.
    expect(estimate(60_000, 'image/png', 8_000_000)).toBe(8_000_000);
    expect(estimate(30_000_000, 'image/png', 4_000_000)).toBe(4_000_000);
    // Many frames, and a photograph with a film behind it.
    expect(estimate(8_000_000, 'image/gif', 250_000)).toBe(250_000);
    expect(estimate(15_000_000, 'image/jpeg', 12_000_000)).toBe(12_000_000);
  });

  it('are guessed from its size and type where nobody says', () => {
    expect(estimate(3_000_000, 'image/jpeg')).toBe(10_000_000);
    expect(estimate(3_000_000, 'image/png')).toBe(2_000_000);
    expect(estimate(3_000_000, 'image/avif')).toBe(30_000_000);
    expect(estimate(3_000_000, 'text/plain')).toBe(estimate(3_000_000, null));
  });

  it.each(['constructor', '__proto__', 'toString', '', ';', 'image/'])(
    'are guessed, and a number, where the type is %j',
    (contentType) => {
      expect(estimate(3_000_000, contentType)).toBe(estimate(3_000_000, null));
    },
  );

  it.each(['IMAGE/JPEG', 'image/jpeg; charset=binary', ' image/jpeg '])(
    'are those of a JPEG with the type %j',
    (contentType) => {
      expect(estimate(45_000, contentType, 100_000_000)).toBe(11_250_000);
    },
  );

  it.each([
    ['more than a JPEG of 45 kB can hold', 45_000, 'image/jpeg', 100_000_000, 11_250_000],
    ['more than its compression allows', 100_000, 'image/png', 1e9, 100_000_000],
    ['fewer than the bytes need', 24_000_000, 'image/jpeg', 1, 200_000],
    ['fewer, of an unknown type', 16_000_000, null, 1, 100_000],
  ])('are not believed to be %s', (_, size, contentType, claimed, believed) => {
    expect(estimate(size, contentType, claimed)).toBe(believed);
  });

  it('are never beyond what a picture can have', () => {
    expect(estimate(0, 'image/jpeg')).toBe(64 * 64);
    expect(estimate(0, 'image/jpeg', 12_000_000)).toBe(64 * 64);
    expect(estimate(1e12, 'image/jpeg')).toBe(16_384 ** 2);
    expect(estimate(1e12, 'image/jpeg', 9_999_999_999_999)).toBe(16_384 ** 2);
  });
});
