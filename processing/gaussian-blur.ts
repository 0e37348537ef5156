import { openRaw } from './samples.ts';

/** A grey picture of 8 bits inside a border. */
export interface BorderedGrey {
  data: Uint8Array;
  /** Pixels of the picture itself. */
  width: number;
  height: number;
  /** Pixels of the border on each side. */
  border: number;
  /** Samples from one row to the next, those of the border among them. */
  stride: number;
}

/** An empty picture with the border that a Gaussian kernel of `side` pixels (odd) looks into. */
export function greyForBlur(width: number, height: number, side: number): BorderedGrey {
  const border = (side - 1) / 2;
  const stride = width + 2 * border;
  return { data: new Uint8Array(stride * (height + 2 * border)), width, height, border, stride };
}

/** Where a row of the picture begins in the data. */
export function rowStart({ border, stride }: BorderedGrey, row: number): number {
  return (row + border) * stride + border;
}

/**
 * Blurs as OpenCV's `GaussianBlur` does with a kernel's side and no sigma: the sigma follows from the side, and the
 * picture is reflected at its edges. Fills the border of `grey` for that; the border of what comes back means nothing.
 *
 * libvips does the work (SIMD), with integer weights: about a sixth of the time of exact ones, for a mean difference
 * below half a level.
 */
export async function gaussianBlur(grey: BorderedGrey): Promise<BorderedGrey> {
  reflectIntoBorder(grey);
  const kernel = await balancedKernel(2 * grey.border + 1);
  return { ...grey, data: await blurBy(grey.data, grey.stride, kernel) };
}

/** What libvips derives a kernel from. */
interface Kernel {
  sigma: number;
  /** Weights below this share of the middle one are left out. */
  minAmplitude: number;
}

const balancedKernels = new Map<number, Promise<Kernel>>();

/** The kernel of a side whose integer weights keep flat areas as they are; looked for once in a process. */
function balancedKernel(side: number): Promise<Kernel> {
  const known = balancedKernels.get(side);
  if (known) return known;
  const found = findBalanced(side);
  balancedKernels.set(side, found);
  return found;
}

/** The search tries sigmas in steps of this fraction, up to this distance. */
const sigmaStep = 0.0025;
const mostSigmaSteps = 24;

/**
 * libvips rounds weights to a few bits. Depending on the sigma their sum is one, or up to 2 % more or less: then flat
 * areas, which should be white in a sketch, come out lighter or darker by up to 6 levels. So the nearest sigma whose
 * weights add up is used.
 */
async function findBalanced(side: number): Promise<Kernel> {
  let best = { kernel: kernelOf(side, 1), error: Number.POSITIVE_INFINITY };
  for (let step = 0; step <= 2 * mostSigmaSteps && best.error > 0; step++) {
    // 0, -1, 1, -2, 2, …
    const offset = step % 2 === 0 ? step / 2 : -(step + 1) / 2;
    const kernel = kernelOf(side, 1 + offset * sigmaStep);
    const error = await flatError(side, kernel);
    if (error < best.error) best = { kernel, error };
  }
  return best.kernel;
}

function kernelOf(side: number, share: number): Kernel {
  const radius = (side - 1) / 2;
  const sigma = opencvSigma(side) * share;
  // Between the amplitudes of the last pixel that belongs to the kernel and the first that does not: exactly this side.
  return { sigma, minAmplitude: Math.exp(-((radius + 0.5) ** 2) / (2 * sigma ** 2)) };
}

/** OpenCV's rule, and for 3 pixels the sigma of its fixed weights, 1/4, 1/2 and 1/4 (`getGaussianKernel`). */
function opencvSigma(side: number): number {
  if (side === 3) return Math.sqrt(1 / (2 * Math.LN2));
  return 0.3 * ((side - 1) / 2 - 1) + 0.8;
}

/** Levels that flat areas gain or lose, summed over all 256 levels. */
async function flatError(side: number, kernel: Kernel): Promise<number> {
  // One stripe of each level, wide enough that its middle is not affected by the others. libvips repeats the row above and
  // below.
  const data = Uint8Array.from({ length: 256 * side }, (_, index) => Math.floor(index / side));
  const blurred = await blurBy(data, data.length, kernel);
  let error = 0;
  for (let level = 0; level < 256; level++) {
    error += Math.abs((blurred[level * side + (side - 1) / 2] ?? 0) - level);
  }
  return error;
}

async function blurBy(data: Uint8Array, width: number, kernel: Kernel): Promise<Uint8Array> {
  return await openRaw({ data, width, height: data.length / width, channels: 1 })
    .blur({ ...kernel, precision: 'integer' })
    .raw({ depth: 'uchar' })
    .toBuffer();
}

/**
 * Continues the picture on each side by its mirror image about the outermost pixel, as OpenCV does by default
 * (`BORDER_REFLECT_101`: `dcb|abcd|cba`), again and again where it is smaller than the border. libvips itself repeats
 * the outermost pixel.
 */
function reflectIntoBorder(grey: BorderedGrey): void {
  const { data, width, height, border, stride } = grey;
  const distances = Array.from({ length: border }, (_, index) => index + 1);
  const left = distances.map((beyond) => reflected(-beyond, width));
  const right = distances.map((beyond) => reflected(width - 1 + beyond, width));
  for (let row = 0; row < height; row++) {
    const start = rowStart(grey, row);
    for (let index = 0; index < border; index++) {
      data[start - 1 - index] = data[start + (left[index] as number)] as number;
      data[start + width + index] = data[start + (right[index] as number)] as number;
    }
  }
  const copyRow = (from: number, to: number): void => {
    const start = (from + border) * stride;
    data.copyWithin((to + border) * stride, start, start + stride);
  };
  for (const beyond of distances) {
    copyRow(reflected(-beyond, height), -beyond);
    copyRow(reflected(height - 1 + beyond, height), height - 1 + beyond);
  }
}

/** Index of the sample, among `length`, that is met at `index` when they are reflected about the first and the last. */
function reflected(index: number, length: number): number {
  const last = length - 1;
  if (last === 0) return 0;
  const period = 2 * last;
  const folded = ((index % period) + period) % period;
  return folded <= last ? folded : period - folded;
}
