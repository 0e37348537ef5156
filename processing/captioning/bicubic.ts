import type { RgbPixels } from '../decode.ts';

/**
 * Pillow's `Image.resize(size, Image.BICUBIC)` for 8-bit RGB, sample for sample: captions must not depend on which
 * program resized the picture, and libvips's bicubic differs by a few levels.
 * Source: src/libImaging/Resample.c of python-pillow, HorizontalPass and VerticalPass with 8 bits per channel:
 * antialiased by widening the kernel, weights as 22-bit fixed point, one rounding to bytes after either direction.
 */

const channels = 3;
const precisionBits = 22;
const half = 1 << (precisionBits - 1);
/** Keys' cubic with a = -0.5. */
const sharpness = -0.5;
const kernelReach = 2;

function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((sharpness + 2) * x - (sharpness + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * sharpness;
  return 0;
}

/** For every output sample the range of input samples that it is made of, and their weights one after another. */
interface Contributions {
  first: Int32Array;
  count: Int32Array;
  /** `stride` places for every output sample. */
  weights: Int32Array;
  stride: number;
}

function contributions(inputSide: number, outputSide: number): Contributions {
  const scale = inputSide / outputSide;
  const widening = Math.max(scale, 1);
  const support = kernelReach * widening;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputSide);
  const count = new Int32Array(outputSide);
  const weights = new Int32Array(outputSide * stride);
  const exact = new Float64Array(stride);
  for (let output = 0; output < outputSide; output++) {
    const centre = (output + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(inputSide, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let input = begin; input < end; input++) {
      const weight = cubic((input - centre + 0.5) * (1 / widening));
      exact[input - begin] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < end - begin; tap++) {
      weights[output * stride + tap] = fixedPoint((exact[tap] as number) / sum);
    }
    first[output] = begin;
    count[output] = end - begin;
  }
  return { first, count, weights, stride };
}

function fixedPoint(weight: number): number {
  const scaled = weight * (1 << precisionBits);
  return Math.trunc(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

/** The picture squashed or stretched to `width` x `height`. */
export function resizeBicubic(picture: RgbPixels, width: number, height: number): RgbPixels {
  const narrow = width === picture.width ? picture : resizeRows(picture, width);
  return height === picture.height ? narrow : resizeColumns(narrow, height);
}

function resizeRows({ data, width: inputWidth, height }: RgbPixels, width: number): RgbPixels {
  const { first, count, weights, stride } = contributions(inputWidth, width);
  const result = new Uint8ClampedArray(width * height * channels);
  let target = 0;
  for (let y = 0; y < height; y++) {
    const row = y * inputWidth * channels;
    for (let x = 0; x < width; x++) {
      let red = half;
      let green = half;
      let blue = half;
      let source = row + (first[x] as number) * channels;
      const firstTap = x * stride;
      const endTap = firstTap + (count[x] as number);
      for (let tap = firstTap; tap < endTap; tap++) {
        const weight = weights[tap] as number;
        red += Math.imul(data[source] as number, weight);
        green += Math.imul(data[source + 1] as number, weight);
        blue += Math.imul(data[source + 2] as number, weight);
        source += channels;
      }
      result[target] = red >> precisionBits;
      result[target + 1] = green >> precisionBits;
      result[target + 2] = blue >> precisionBits;
      target += channels;
    }
  }
  return { data: new Uint8Array(result.buffer), width, height };
}

/** Row after row, so that memory is read in order: each output row gathers whole input rows. */
function resizeColumns({ data, width, height: inputHeight }: RgbPixels, height: number): RgbPixels {
  const { first, count, weights, stride } = contributions(inputHeight, height);
  const rowLength = width * channels;
  const result = new Uint8ClampedArray(rowLength * height);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    for (let tap = 0; tap < (count[y] as number); tap++) {
      const weight = weights[y * stride + tap] as number;
      const source = ((first[y] as number) + tap) * rowLength;
      for (let x = 0; x < rowLength; x++) {
        sums[x] = (sums[x] as number) + Math.imul(data[source + x] as number, weight);
      }
    }
    const target = y * rowLength;
    for (let x = 0; x < rowLength; x++) result[target + x] = (sums[x] as number) >> precisionBits;
  }
  return { data: new Uint8Array(result.buffer), width, height };
}
