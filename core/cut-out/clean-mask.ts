import type { Mask } from './mask.ts';

/** rembg's threshold: what is below is not kept. */
const threshold = 127;
/**
 * A Gaussian of sigma 2 over five pixels, from its ends to its middle, in 256ths: OpenCV blurs 8-bit pictures in fixed
 * point.
 */
const gaussian = [39, 57, 64] as const;
/** Pixels on either side of the middle one. */
const reach = 2;

/**
 * Removes specks from a mask and makes its edge hard, as rembg's `post_process` does with OpenCV and to the bit:
 * opening with a 3x3 cross, Gaussian blur, threshold.
 */
export function cleanMask({ data, width, height }: Mask): Uint8Array {
  // What is least is what is greatest in the negative: an erosion is a dilation between two negatives.
  const eroded = negative(dilate(negative(data), width, height));
  const cleaned = blur(dilate(eroded, width, height), width, height);
  for (let at = 0; at < cleaned.length; at++) cleaned[at] = (cleaned[at] as number) < threshold ? 0 : 255;
  return cleaned;
}

function negative(data: Uint8Array): Uint8Array {
  const result = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at++) result[at] = 255 - (data[at] as number);
  return result;
}

/** The greatest of every pixel and its four neighbours. What lies beyond the border does not count. */
function dilate(data: Uint8Array, width: number, height: number): Uint8Array {
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const above = y > 0 ? -width : 0;
    const below = y < height - 1 ? width : 0;
    dilateRow(data, result, y * width, width, above, below);
  }
  return result;
}

function dilateRow(
  data: Uint8Array,
  result: Uint8Array,
  from: number,
  width: number,
  above: number,
  below: number,
): void {
  const last = from + width - 1;
  let left = data[from] as number;
  let centre = left;
  for (let at = from; at <= last; at++) {
    const right = data[at < last ? at + 1 : at] as number;
    const beside = left > right ? left : right;
    const over = data[at + above] as number;
    const under = data[at + below] as number;
    const column = over > under ? over : under;
    const around = beside > column ? beside : column;
    result[at] = centre > around ? centre : around;
    left = centre;
    centre = right;
  }
}

/** Across at full precision, then down and rounded once, as OpenCV does. */
function blur(data: Uint8Array, width: number, height: number): Uint8Array {
  const across = new Uint16Array(data.length);
  const padded = new Uint16Array(width + 2 * reach);
  for (let y = 0; y < height; y++) {
    padRow(data.subarray(y * width, (y + 1) * width), padded);
    weigh(
      [0, 1, 2, 3, 4].map((tap) => padded.subarray(tap, tap + width)),
      across,
      y * width,
      0,
    );
  }
  const blurred = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const rows = [-2, -1, 0, 1, 2].map((step) => mirrored(y + step, height) * width);
    weigh(
      rows.map((row) => across.subarray(row, row + width)),
      blurred,
      y * width,
      16,
    );
  }
  return blurred;
}

/** A row with what its mirror shows beyond either end. */
function padRow(row: Uint8Array, padded: Uint16Array): void {
  padded.set(row, reach);
  for (let step = 1; step <= reach; step++) {
    padded[reach - step] = row[mirrored(-step, row.length)] ?? 0;
    padded[reach + row.length - 1 + step] = row[mirrored(row.length - 1 + step, row.length)] ?? 0;
  }
}

/** Where `place` lies in `size` places that are mirrored about their first and their last one. */
function mirrored(place: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((place % period) + period) % period;
  return within < size ? within : period - within;
}

/** The weighted sum of five lines, less its lowest `bits`, rounded. */
function weigh(lines: Uint16Array[], target: Uint8Array | Uint16Array, start: number, bits: number): void {
  const [first, second, third, fourth, fifth] = lines as [
    Uint16Array,
    Uint16Array,
    Uint16Array,
    Uint16Array,
    Uint16Array,
  ];
  const [outer, inner, middle] = gaussian;
  const half = bits > 0 ? 1 << (bits - 1) : 0;
  for (let x = 0; x < first.length; x++) {
    const ends = (first[x] as number) + (fifth[x] as number);
    const sides = (second[x] as number) + (fourth[x] as number);
    const sum = outer * ends + inner * sides + middle * (third[x] as number);
    target[start + x] = (sum + half) >> bits;
  }
}
