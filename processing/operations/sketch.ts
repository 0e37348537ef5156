import type { SketchOptions } from '@spillway/core/operations/sketch.ts';
import sharp, { type Sharp } from 'sharp';
import { decodeRgb, type RgbPixels } from '../decode.ts';
import { encodeGreyPng } from '../grey-png.ts';
import type { ImageOperation, OperationOutput } from '../operation.ts';

/** OpenCV's default for JPEG is 95; at 90 a drawing shows no blocks and its file is a third smaller. */
const jpegQuality = 90;
const webpQuality = 90;

/** What is drawn and deflated at a time: enough to be worth a task of the thread pool, small enough to stay in cache. */
const stripePixels = 512 * 1024;

interface GreyPixels {
  /** One byte a pixel, row by row without padding. */
  data: Uint8Array;
  width: number;
  height: number;
}

/**
 * Pencil sketch: grey divided by its blurred self, so that flat areas turn white and edges stay dark. The recipe is
 * OpenCV's `divide(grey, 255 - GaussianBlur(255 - grey), scale=256)`; the blur of a negative is the negative of the
 * blur, so that its two negations cancel out.
 *
 * The blur runs in libvips (SIMD). Grey and division are loops here, because sharp's nearest operations are a
 * luminance in linear light and a blend mode in floating point that alone takes longer than all of this.
 */
export const sketch: ImageOperation<SketchOptions> = {
  models: [],
  async run(image, options) {
    const grey = toGrey(await decodeRgb(image));
    const blurred = await blur(grey, options.blur);
    return await encode(grey, draw(grey, blurred), options.format);
  },
};

function toGrey({ data, width, height }: RgbPixels): GreyPixels {
  const grey = new Uint8Array(width * height);
  // Views of 32-bit words need an aligned start, which sharp's buffers have.
  const inWords = data.byteOffset % 4 === 0 ? grey.length - (grey.length % 4) : 0;
  if (inWords > 0) {
    lumaOfWords(
      new Uint32Array(data.buffer, data.byteOffset, (inWords / 4) * 3),
      new Uint32Array(grey.buffer, 0, inWords / 4),
    );
  }
  for (let pixel = inWords; pixel < grey.length; pixel++) {
    const [red = 0, green = 0, blue = 0] = data.subarray(pixel * 3, pixel * 3 + 3);
    grey[pixel] = luma(red, green, blue);
  }
  return { data: grey, width, height };
}

/** ITU-R BT.601 luma, .299 R + .587 G + .114 B, in OpenCV's fixed point (14 bits), so that it agrees to the bit. */
function luma(red: number, green: number, blue: number): number {
  return (red * 4_899 + green * 9_617 + blue * 1_868 + 8_192) >>> 14;
}

/**
 * Luma of four pixels at a time: three words of RGB become one of grey. Words take half the time of bytes.
 * The lowest byte of a word is the first, as on x64 and arm64.
 */
function lumaOfWords(rgb: Uint32Array, grey: Uint32Array): void {
  for (let target = 0, source = 0; target < grey.length; target++, source += 3) {
    const first = (rgb[source] as number) | 0;
    const second = (rgb[source + 1] as number) | 0;
    const third = (rgb[source + 2] as number) | 0;
    const a = luma(first & 255, (first >>> 8) & 255, (first >>> 16) & 255);
    const b = luma(first >>> 24, second & 255, (second >>> 8) & 255);
    const c = luma((second >>> 16) & 255, second >>> 24, third & 255);
    const d = luma((third >>> 8) & 255, (third >>> 16) & 255, third >>> 24);
    grey[target] = a | (b << 8) | (c << 16) | (d << 24);
  }
}

/**
 * Gaussian blur with a kernel of `side` pixels, whose sigma is the one that OpenCV derives from the side.
 * libvips sizes its kernel by the smallest amplitude it keeps: one between those of the last pixel that belongs to
 * the kernel and the first that does not gives exactly that side. Integer weights are what it has SIMD code for:
 * about a sixth of the time of exact ones, for a mean difference of 0.4 levels in the drawing.
 */
async function blur({ data, width, height }: GreyPixels, side: number): Promise<Uint8Array> {
  const radius = (side - 1) / 2;
  const sigma = 0.3 * (radius - 1) + 0.8;
  const minAmplitude = Math.exp(-((radius + 0.5) ** 2) / (2 * sigma ** 2));
  return await openGrey({ data, width, height })
    .blur({ sigma, minAmplitude, precision: 'integer' })
    .raw({ depth: 'uchar' })
    .toBuffer();
}

/**
 * By how much libvips's two integer passes round up on average: measured against OpenCV's blur on photographs.
 * Left in, it would cost the drawing a tenth of its white, and the file the compression that white gives.
 */
const blurBias = 0.375;

/** `quotients[grey * 256 + blurred]` = grey * 256 / blurred, half to even, at most 255, and 0 where blurred is 0. */
const quotients = tabulateQuotients();

function tabulateQuotients(): Uint8Array {
  const table = new Uint8Array(65_536);
  for (let grey = 0; grey < 256; grey++) {
    for (let blurred = 1; blurred < 256; blurred++) {
      table[grey * 256 + blurred] = Math.min(255, halfToEven((grey * 256) / (blurred - blurBias)));
    }
  }
  return table;
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The drawing from the top in stripes of scanlines as PNG stores them: a byte of 0 before each row. */
function* draw({ data, width, height }: GreyPixels, blurred: Uint8Array): Generator<Uint8Array> {
  const rows = Math.max(1, Math.round(stripePixels / width));
  for (let from = 0; from < height; from += rows) {
    const to = Math.min(from + rows, height);
    const stripe = new Uint8Array((to - from) * (width + 1));
    for (let row = from; row < to; row++) {
      divide(
        data,
        blurred,
        quotients,
        row * width,
        (row + 1) * width,
        stripe,
        (row - from) * (width + 1) + 1,
      );
    }
    yield stripe;
  }
}

/**
 * Draws the pixels `from` to `to` (exclusive) into `target` at `start`. A function of its own with the table as an
 * argument: V8 compiles that to twice the speed of a loop nested in the one over rows.
 */
function divide(
  grey: Uint8Array,
  blurred: Uint8Array,
  table: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  start: number,
): void {
  const offset = start - from;
  for (let pixel = from; pixel < to; pixel++) {
    const index = ((grey[pixel] as number) << 8) | (blurred[pixel] as number);
    target[pixel + offset] = table[index] as number;
  }
}

async function encode(
  { width, height }: GreyPixels,
  stripes: Iterable<Uint8Array>,
  format: SketchOptions['format'],
): Promise<OperationOutput> {
  const common = { width, height, model: null };
  switch (format) {
    case 'png': {
      const bytes = await encodeGreyPng(width, height, stripes);
      return { ...common, bytes, extension: 'png' };
    }
    case 'jpeg': {
      const drawing = gather(stripes, width, height);
      return { ...common, bytes: await drawing.jpeg({ quality: jpegQuality }).toBuffer(), extension: 'jpg' };
    }
    case 'webp': {
      const drawing = gather(stripes, width, height);
      // Effort 1 of 0..6: half the time of the default for a few per cent of size.
      const bytes = await drawing.webp({ quality: webpQuality, effort: 1 }).toBuffer();
      return { ...common, bytes, extension: 'webp' };
    }
    default:
      return format satisfies never;
  }
}

/** The drawing without its spare bytes, for the encoders of libvips. */
function gather(stripes: Iterable<Uint8Array>, width: number, height: number): Sharp {
  const padded = openGrey({ data: Buffer.concat([...stripes]), width: width + 1, height });
  return padded.extract({ left: 1, top: 0, width, height });
}

/** Grey pixels for libvips; without the explicit colour space sharp would make three equal channels of one. */
function openGrey({ data, width, height }: GreyPixels): Sharp {
  return sharp(data, { raw: { width, height, channels: 1 }, limitInputPixels: false }).toColourspace('b-w');
}
