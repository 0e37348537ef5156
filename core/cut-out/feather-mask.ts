import type { Mask } from './mask.ts';

/** Box filters in a row: three are close to a Gaussian. */
const passes = 3;
/** Lines that are blurred together, so that columns are read in runs of neighbours. */
const linesAtOnce = 16;

/**
 * Softens the edge of a mask: a Gaussian of `sigma` pixels, by three box filters whose ends count in part, so that any
 * sigma is exact in its variance. What lies beyond the border is as the border, so a subject that the picture cuts off
 * does not fade there. The time does not grow with sigma.
 * @param sigma pixels, more than 0; with fractions where the picture is shown smaller than it is.
 * @returns a new mask of the same size.
 * @see https://doi.org/10.1007/978-3-642-24785-9_38 for the extended box filter
 */
export function featherMask({ data, width, height }: Mask, sigma: number): Uint8Array {
  const box = boxOf(sigma);
  const across = new Uint8Array(data.length);
  blurLines({ from: data, to: across, length: width, step: 1, lines: height, stride: width }, box);
  const feathered = new Uint8Array(data.length);
  blurLines({ from: across, to: feathered, length: height, step: width, lines: width, stride: 1 }, box);
  return feathered;
}

interface Box {
  /** Whole pixels on either side of the middle one. */
  reach: number;
  /** The weight of the pixel beyond them on either side, 0..1. */
  end: number;
}

/** The box filter that has the variance of a Gaussian's share of the passes. */
function boxOf(sigma: number): Box {
  const variance = (sigma * sigma) / passes;
  const reach = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const end =
    ((2 * reach + 1) * (reach * (reach + 1) - 3 * variance)) / (6 * (variance - (reach + 1) * (reach + 1)));
  return { reach, end };
}

/** Rows or columns of a mask. */
interface Lines {
  from: Uint8Array;
  to: Uint8Array;
  /** Pixels of a line, and how far one lies from the next. */
  length: number;
  step: number;
  /** How many there are, and how far the first pixel of one lies from that of the next. */
  lines: number;
  stride: number;
}

/** Blurs some lines at a time, side by side, with as much beyond their ends as the passes see together. */
function blurLines({ from, to, length, step, lines, stride }: Lines, box: Box): void {
  const seen = box.reach + 1;
  const border = passes * seen;
  const rows = length + 2 * border;
  let values = new Float32Array(rows * linesAtOnce);
  let blurred = new Float32Array(rows * linesAtOnce);
  const sums = new Float64Array(linesAtOnce);
  for (let first = 0; first < lines; first += linesAtOnce) {
    const count = Math.min(linesAtOnce, lines - first);
    for (let row = 0; row < rows; row++) {
      const at = Math.max(0, Math.min(length - 1, row - border));
      const source = first * stride + at * step;
      const target = row * linesAtOnce;
      for (let line = 0; line < count; line++) values[target + line] = from[source + line * stride] as number;
    }
    for (let pass = 1; pass <= passes; pass++) {
      blurOnce(values, blurred, sums, { begin: pass * seen, end: rows - pass * seen }, box);
      [values, blurred] = [blurred, values];
    }
    for (let at = 0; at < length; at++) {
      const target = first * stride + at * step;
      const source = (border + at) * linesAtOnce;
      // The target's conversion to bytes cuts fractions off.
      for (let line = 0; line < count; line++) {
        to[target + line * stride] = (values[source + line] as number) + 0.5;
      }
    }
  }
}

/** One box filter along the lines, from one row to before another, with running sums. */
function blurOnce(
  values: Float32Array,
  blurred: Float32Array,
  sums: Float64Array,
  rows: { begin: number; end: number },
  { reach, end }: Box,
): void {
  const weight = 1 / (2 * reach + 1 + 2 * end);
  const away = (reach + 1) * linesAtOnce;
  const first = rows.begin * linesAtOnce;
  sums.fill(0);
  for (let at = first - away + linesAtOnce; at < first + away; at++) {
    sums[at % linesAtOnce] = (sums[at % linesAtOnce] as number) + (values[at] as number);
  }
  for (let place = first; place < rows.end * linesAtOnce; place += linesAtOnce) {
    for (let line = 0; line < linesAtOnce; line++) {
      const sum = sums[line] as number;
      const before = values[place - away + line] as number;
      const after = values[place + away + line] as number;
      blurred[place + line] = (sum + end * (before + after)) * weight;
      sums[line] = sum + after - (values[place - away + linesAtOnce + line] as number);
    }
  }
}
