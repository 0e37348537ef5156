import { describe, expect, it } from 'vitest';
import { estimatePixels } from './pixels.ts';

const estimate = (size: number, contentType: string | null, pixels: number | null = null) =>
  estimatePixels({ size, contentType, pixels });

describe('the pixels of a picture', () => {
  it('are what its uploader says', () => {
    expect(estimate(1_000, 'image/jpeg', 12_000_000)).toBe(12_000_000);
  });

  it('are guessed from its size and type where nobody says', () => {
    expect(estimate(3_000_000, 'image/jpeg')).toBe(10_000_000);
    expect(estimate(3_000_000, 'image/png')).toBe(2_000_000);
    expect(estimate(3_000_000, 'image/avif')).toBe(30_000_000);
    expect(estimate(3_000_000, 'text/plain')).toBe(estimate(3_000_000, null));
  });

  it('are never beyond what a picture can have', () => {
    expect(estimate(0, 'image/jpeg')).toBe(64 * 64);
    expect(estimate(1e12, 'image/jpeg')).toBe(16_384 ** 2);
    expect(estimate(1_000, 'image/jpeg', 9_999_999_999)).toBe(16_384 ** 2);
  });
});
