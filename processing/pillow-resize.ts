import type { Samples } from './samples.ts';

/*
 * Pillow's `Image.resize` for 8 bits a channel, sample for sample (`src/libImaging/Resample.c` of python-pillow): rows
 * first, then columns, each rounded to bytes; antialiased by widening the kernel; weights as 22-bit fixed point.
 *
 * A model's result must not depend on the program that resized the picture. libvips's bicubic differs by a
 * few levels, and it enlarges with a bicubic window in Lanczos's place, which is the larger part of the difference
 * between its masks and Pillow's. For shrinking large pictures libvips is many times as fast.
 */

/** Bits after the point of a weight: with the 8 of a sample and one for the overshoot they fit in 31. */
const weightBits = 22;
const half = 1 << (weightBits - 1);

interface Kernel {
  /** Beyond it, in pixels of the coarser grid, the weight is 0. */
  reach: number;
  weigh(distance: number): number;
}

/** Keys' cubic with a = -0.5. */
const bicubic: Kernel = { reach: 2, weigh: cubic };
const lanczos: Kernel = { reach: 3, weigh: windowedSinc };

/** As Pillow's `BICUBIC`. */
export function resizeBicubic(image: Samples, width: number, height: number): Samples {
  return resize(image, width, height, bicubic);
}

/** As Pillow's `LANCZOS`, of three lobes. */
export function resizeLanczos(image: Samples, width: number, height: number): Samples {
  return resize(image, width, height, lanczos);
}

function resize(image: Samples, width: number, height: number, kernel: Kernel): Samples {
  return resizeColumns(resizeRows(image, width, kernel), height, kernel);
}

/** The weights of one axis: how each target position is made of source positions. */
interface Axis {
  /** First source position of every target position. */
  first: Int32Array;
  /** Source positions of every target position. */
  counts: Int32Array;
  /** `stride` weights for every target position; what is past its count is 0. */
  weights: Int32Array;
  stride: number;
  /** No target position is made of more source positions than loops are written out for. */
  few: boolean;
}

/** Source positions that the loops over them are written out for: all that Lanczos has where nothing is shrunk. */
const fewTaps = 6;

function resizeRows(image: Samples, width: number, kernel: Kernel): Samples {
  if (width === image.width) return image;
  const { data, height, channels } = image;
  const axis = axisOf(image.width, width, kernel);
  const resized = new Uint8Array(width * height * channels);
  const line = image.width * channels;
  // Room past the end for weights of 0.
  const source = new Uint8Array(line + fewTaps * channels);
  const resizeRow = axis.few ? resizeRowBySix : resizeRowByAny;
  for (let row = 0; row < height; row++) {
    source.set(data.subarray(row * line, (row + 1) * line));
    const target = resized.subarray(row * width * channels, (row + 1) * width * channels);
    if (!axis.few && channels === 3) {
      resizeRowOfColours(source, target, axis);
      continue;
    }
    for (let channel = 0; channel < channels; channel++) resizeRow(source, target, axis, channel, channels);
  }
  return { data: resized, width, height, channels };
}

/** The loop over source positions is written out, as in `combineSix`. */
function resizeRowBySix(
  source: Uint8Array,
  target: Uint8Array,
  { first, weights, stride }: Axis,
  channel: number,
  channels: number,
): void {
  for (let x = 0, tap = 0; x < first.length; x++, tap += stride) {
    const from = (first[x] as number) * channels + channel;
    const sum =
      half +
      Math.imul(weights[tap] as number, source[from] as number) +
      Math.imul(weights[tap + 1] as number, source[from + channels] as number) +
      Math.imul(weights[tap + 2] as number, source[from + 2 * channels] as number) +
      Math.imul(weights[tap + 3] as number, source[from + 3 * channels] as number) +
      Math.imul(weights[tap + 4] as number, source[from + 4 * channels] as number) +
      Math.imul(weights[tap + 5] as number, source[from + 5 * channels] as number);
    target[x * channels + channel] = clip(sum >> weightBits);
  }
}

function resizeRowByAny(
  source: Uint8Array,
  target: Uint8Array,
  axis: Axis,
  channel: number,
  channels: number,
): void {
  const { first, counts, weights, stride } = axis;
  for (let x = 0; x < first.length; x++) {
    let from = (first[x] as number) * channels + channel;
    const start = x * stride;
    const end = start + (counts[x] as number);
    let sum = half;
    for (let at = start; at < end; at++, from += channels) {
      sum = (sum + Math.imul(weights[at] as number, source[from] as number)) | 0;
    }
    target[x * channels + channel] = clip(sum >> weightBits);
  }
}

/** The same for all of three channels at once: half the time where pictures are shrunk much. */
function resizeRowOfColours(source: Uint8Array, target: Uint8Array, axis: Axis): void {
  const { first, counts, weights, stride } = axis;
  for (let x = 0; x < first.length; x++) {
    let from = (first[x] as number) * 3;
    const start = x * stride;
    const end = start + (counts[x] as number);
    let red = half;
    let green = half;
    let blue = half;
    for (let at = start; at < end; at++, from += 3) {
      const weight = weights[at] as number;
      red = (red + Math.imul(weight, source[from] as number)) | 0;
      green = (green + Math.imul(weight, source[from + 1] as number)) | 0;
      blue = (blue + Math.imul(weight, source[from + 2] as number)) | 0;
    }
    target[x * 3] = clip(red >> weightBits);
    target[x * 3 + 1] = clip(green >> weightBits);
    target[x * 3 + 2] = clip(blue >> weightBits);
  }
}

function resizeColumns(image: Samples, height: number, kernel: Kernel): Samples {
  if (height === image.height) return image;
  const { data, width, channels } = image;
  const line = width * channels;
  const axis = axisOf(image.height, height, kernel);
  const resized = new Uint8Array(line * height);
  const combine = axis.few ? combineSix : combineAny;
  for (let y = 0; y < height; y++) {
    const weights = axis.weights.subarray(y * axis.stride, (y + 1) * axis.stride);
    const from = (axis.first[y] as number) * line;
    combine(
      data.subarray(from, from + (axis.counts[y] as number) * line),
      resized.subarray(y * line, (y + 1) * line),
      weights,
    );
  }
  return { data: resized, width, height, channels };
}

/** One target row of as many source rows as `rows` holds, at most six: the loop over them is written out. */
function combineSix(rows: Uint8Array, target: Uint8Array, weights: Int32Array): void {
  const line = target.length;
  const last = rows.length - line;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = weights;
  // A weight past the count is 0, so any row may replace a missing one.
  const second = Math.min(line, last);
  const third = Math.min(2 * line, last);
  const fourth = Math.min(3 * line, last);
  const fifth = Math.min(4 * line, last);
  const sixth = Math.min(5 * line, last);
  for (let x = 0; x < line; x++) {
    const sum =
      half +
      Math.imul(a, rows[x] as number) +
      Math.imul(b, rows[x + second] as number) +
      Math.imul(c, rows[x + third] as number) +
      Math.imul(d, rows[x + fourth] as number) +
      Math.imul(e, rows[x + fifth] as number) +
      Math.imul(f, rows[x + sixth] as number);
    target[x] = clip(sum >> weightBits);
  }
}

/** Row after row, so that memory is read in order. */
function combineAny(rows: Uint8Array, target: Uint8Array, weights: Int32Array): void {
  const line = target.length;
  const sums = new Int32Array(line).fill(half);
  for (let from = 0, tap = 0; from < rows.length; from += line, tap++) {
    addRow(sums, rows, from, weights[tap] as number);
  }
  for (let x = 0; x < line; x++) target[x] = clip((sums[x] as number) >> weightBits);
}

/** A function of its own, because V8 optimises a nested loop only by on-stack replacement. */
function addRow(sums: Int32Array, rows: Uint8Array, from: number, weight: number): void {
  for (let x = 0; x < sums.length; x++) {
    sums[x] = (sums[x] as number) + Math.imul(rows[from + x] as number, weight);
  }
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function axisOf(from: number, to: number, { reach, weigh }: Kernel): Axis {
  const scale = from / to;
  const widening = Math.max(scale, 1);
  const support = reach * widening;
  const stride = Math.max(fewTaps, Math.ceil(support) * 2 + 1);
  const first = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * stride);
  const shares = new Float64Array(stride);
  for (let position = 0; position < to; position++) {
    const centre = (position + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    first[position] = start;
    counts[position] = end - start;
    let sum = 0;
    for (let tap = 0; tap < end - start; tap++) {
      const share = weigh((start + tap - centre + 0.5) * (1 / widening));
      shares[tap] = share;
      sum += share;
    }
    for (let tap = 0; tap < end - start; tap++) {
      weights[position * stride + tap] = roundAwayFromZero(((shares[tap] as number) / sum) * 2 ** weightBits);
    }
  }
  return { first, counts, weights, stride, few: 2 * support <= fewTaps };
}

function cubic(distance: number): number {
  const sharpness = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((sharpness + 2) * x - (sharpness + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * sharpness;
  return 0;
}

function windowedSinc(distance: number): number {
  return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function roundAwayFromZero(value: number): number {
  return Math.trunc(value + (value < 0 ? -0.5 : 0.5));
}
