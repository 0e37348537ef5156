/** Samples of 8 bits, interleaved, row by row without padding. */
export interface Samples {
  data: Uint8Array;
  width: number;
  height: number;
  /** Samples a pixel. */
  channels: number;
}

/** Bits after the point of a weight: with the 8 of a sample and one for the overshoot they fit in 31. Pillow's. */
const weightBits = 22;
const half = 1 << (weightBits - 1);
/** Lobes of the Lanczos window on either side, in pixels of the coarser grid. */
const lobes = 3;

/** The weights of one axis: how each target position is made of source positions. */
interface Axis {
  /** First source position of every target position. */
  first: Int32Array;
  /** Source positions of every target position. */
  counts: Int32Array;
  /** `stride` weights for every target position; what is past its count is 0. */
  weights: Int32Array;
  stride: number;
}

/**
 * Resamples with a Lanczos window of three lobes, bit for bit as Pillow's `Image.resize(size, Image.LANCZOS)` does
 * (`src/libImaging/Resample.c`, 8 bits a channel): rows first, rounded to 8 bits between the two passes.
 *
 * Here because libvips enlarges with a bicubic window in Lanczos's place, and that is the larger part of the
 * difference between its masks and Pillow's. For shrinking large pictures libvips is many times as fast.
 */
export function resizeLanczos(image: Samples, width: number, height: number): Samples {
  return resizeColumns(resizeRows(image, width), height);
}

function resizeRows(image: Samples, width: number): Samples {
  if (width === image.width) return image;
  const { data, height, channels } = image;
  const axis = axisOf(image.width, width);
  const resized = new Uint8Array(width * height * channels);
  const line = image.width * channels;
  // Room past the end for weights of 0.
  const source = new Uint8Array(line + enlargingTaps * channels);
  const resizeRow = axis.stride <= enlargingTaps ? resizeRowBySix : resizeRowByAny;
  for (let row = 0; row < height; row++) {
    source.set(data.subarray(row * line, (row + 1) * line));
    const target = resized.subarray(row * width * channels, (row + 1) * width * channels);
    for (let channel = 0; channel < channels; channel++) resizeRow(source, target, axis, channel, channels);
  }
  return { data: resized, width, height, channels };
}

/** Of at most six source positions for each: the loop over them is written out, as in `combineSix`. */
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

function resizeColumns(image: Samples, height: number): Samples {
  if (height === image.height) return image;
  const { data, width, channels } = image;
  const line = width * channels;
  const axis = axisOf(image.height, height);
  const resized = new Uint8Array(line * height);
  const combine = axis.stride <= enlargingTaps ? combineSix : combineAny;
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

/** Weights of a position where nothing is shrunk: twice the lobes, and one of 0 that Pillow's bounds leave room for. */
const enlargingTaps = 2 * lobes + 1;

/** One target row of as many source rows as `rows` holds, at most six: the loop over them is written out. */
function combineSix(rows: Uint8Array, target: Uint8Array, weights: Int32Array): void {
  const line = target.length;
  const last = rows.length - line;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = weights;
  // A weight past the count is 0, so that it does not matter which row stands in for one that is not there.
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

function combineAny(rows: Uint8Array, target: Uint8Array, weights: Int32Array): void {
  const line = target.length;
  for (let x = 0; x < line; x++) {
    let sum = half;
    for (let at = x, tap = 0; at < rows.length; at += line, tap++) {
      sum = (sum + Math.imul(weights[tap] as number, rows[at] as number)) | 0;
    }
    target[x] = clip(sum >> weightBits);
  }
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function axisOf(from: number, to: number): Axis {
  const scale = from / to;
  const coarser = Math.max(scale, 1);
  const reach = lobes * coarser;
  const stride = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * stride);
  const shares = new Float64Array(stride);
  for (let position = 0; position < to; position++) {
    const centre = (position + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    first[position] = start;
    counts[position] = end - start;
    let sum = 0;
    for (let tap = 0; tap < end - start; tap++) {
      const share = lanczos((start + tap - centre + 0.5) / coarser);
      shares[tap] = share;
      sum += share;
    }
    for (let tap = 0; tap < end - start; tap++) {
      weights[position * stride + tap] = roundAwayFromZero(((shares[tap] as number) / sum) * 2 ** weightBits);
    }
  }
  return { first, counts, weights, stride };
}

function lanczos(x: number): number {
  return x >= -lobes && x < lobes ? sinc(x) * sinc(x / lobes) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function roundAwayFromZero(value: number): number {
  return Math.trunc(value + (value < 0 ? -0.5 : 0.5));
}
