import { expect, it } from 'vitest';
import { featherMask } from './feather-mask.ts';

/** White in its right half. */
function step(width: number, height: number) {
  const data = Uint8Array.from({ length: width * height }, (_, at) => (at % width >= width / 2 ? 255 : 0));
  return { data, width, height };
}

/** The integral of a Gaussian over 255 levels (Abramowitz and Stegun 7.1.26, which is right to 1.5e-7). */
function gaussianStep(distance: number, sigma: number): number {
  const x = Math.abs(distance) / (sigma * Math.SQRT2);
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const error = 1 - tail * Math.exp(-x * x);
  return 255 * (0.5 + (Math.sign(distance) * error) / 2);
}

it.each([0.4, 1, 2.5, 7, 30])('with a sigma of %s turns an edge into a Gaussian ramp', (sigma) => {
  const mask = step(400, 9);
  const feathered = featherMask(mask, sigma);
  for (let x = 0; x < 400; x++) {
    const expected = gaussianStep(x + 0.5 - 200, sigma);
    // Half a level by rounding twice, and what three boxes differ from a Gaussian.
    expect(Math.abs((feathered[4 * 400 + x] as number) - expected)).toBeLessThan(sigma < 1 ? 12 : 5);
  }
});

it('does the same across and down', () => {
  const { data, width, height } = step(64, 64);
  const turned = data.map((_, at) => data[(at % 64) * 64 + Math.floor(at / 64)] as number);
  const across = featherMask({ data, width, height }, 3);
  const down = featherMask({ data: turned, width, height }, 3);
  expect(down).toEqual(across.map((_, at) => across[(at % 64) * 64 + Math.floor(at / 64)] as number));
});

it('keeps flat masks as they are up to their borders, and masks smaller than its reach', () => {
  for (const level of [0, 90, 255]) {
    const data = new Uint8Array(33 * 5).fill(level);
    expect(featherMask({ data, width: 33, height: 5 }, 20)).toEqual(data);
  }
  expect(featherMask({ data: Uint8Array.of(77), width: 1, height: 1 }, 50)).toEqual(Uint8Array.of(77));
});
