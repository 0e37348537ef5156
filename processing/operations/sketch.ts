import type { SketchOptions } from '@spillway/core/operations/sketch.ts';
import { extensionOf, type PictureExtension } from '@spillway/core/picture-types.ts';
import type { CheckedImage } from '../checked-image.ts';
import { decodeRgb } from '../decode.ts';
import { chooseFormat } from '../encoders.ts';
import { freeMemory } from '../free-memory.ts';
import { type BorderedGrey, gaussianBlur, greyForBlur, rowStart } from '../gaussian-blur.ts';
import type { ImageOperation, OperationOutput } from '../operation.ts';
import { encodePng } from '../png.ts';
import type { PictureRows, RowSource } from '../samples.ts';
import { gather, openRaw, type Samples, viewOf, webpEffort, webpQuality } from '../samples.ts';

/** OpenCV's default for JPEG is 95; at 90 a drawing shows no blocks and its file is a third smaller. */
const jpegQuality = 90;

/**
 * Pencil sketch: grey divided by its blurred self, so that flat areas turn white and edges stay dark. The recipe is
 * OpenCV's `divide(grey, 255 - GaussianBlur(255 - grey), scale=256)`; the blur of a negative is the negative of the
 * blur, so that its two negations cancel out.
 *
 * The blur runs in libvips (SIMD). Grey and division are loops here, because sharp's nearest operations are a
 * luminance in linear light and a blend mode in floating point that alone takes longer than all of this.
 */
export const sketch = {
  loadedModels: () => [],
  warmUpRuns: 3,
  // RGB and grey, later grey, its blur and the result.
  bytesPerPixel: () => 4.2,
  async make(image: CheckedImage, options: SketchOptions): Promise<OperationOutput> {
    const rgb = await decodeRgb(image);
    const grey = toGrey(rgb, options.blur);
    freeMemory(rgb.data);
    const blurred = await gaussianBlur(grey);
    const { width, height } = grey;
    const drawing: PictureRows = { width, height, channels: 1, writeRow: drawnRows(grey, blurred) };
    const output = await encode(drawing, options.format);
    freeMemory(grey.data);
    freeMemory(blurred.data);
    return output;
  },
} satisfies ImageOperation<SketchOptions>;

/** Pixels a call of a hot loop: V8 compiles a function that is called often better than one that loops for long. */
const piecePixels = 4_096;

function toGrey({ data, width, height }: Samples, blur: number): BorderedGrey {
  const grey = greyForBlur(width, height, blur);
  const source = viewOf(data);
  const target = viewOf(grey.data);
  const inWords = width - (width % 4);
  for (let row = 0; row < height; row++) {
    const from = row * width;
    const start = rowStart(grey, row);
    for (let column = 0; column < inWords; column += piecePixels) {
      const count = Math.min(piecePixels, inWords - column);
      lumaOfWords(source, (from + column) * 3, target, start + column, count);
    }
    for (let column = inWords; column < width; column++) {
      const at = (from + column) * 3;
      grey.data[start + column] = luma(data[at] as number, data[at + 1] as number, data[at + 2] as number);
    }
  }
  return grey;
}

/** ITU-R BT.601 luma, .299 R + .587 G + .114 B, in OpenCV's fixed point (14 bits), so that it agrees to the bit. */
function luma(red: number, green: number, blue: number): number {
  return (red * 4_899 + green * 9_617 + blue * 1_868 + 8_192) >>> 14;
}

/**
 * Luma of `count` pixels, four at a time: three words of RGB, from the byte `from` on, become one of grey, from `start`
 * on. Words take half the time of bytes. The lowest byte of a word is the first.
 */
function lumaOfWords(rgb: DataView, from: number, grey: DataView, start: number, count: number): void {
  const end = start + count;
  for (let target = start, source = from; target < end; target += 4, source += 12) {
    const first = rgb.getInt32(source, true);
    const second = rgb.getInt32(source + 4, true);
    const third = rgb.getInt32(source + 8, true);
    const a = luma(first & 255, (first >>> 8) & 255, (first >>> 16) & 255);
    const b = luma(first >>> 24, second & 255, (second >>> 8) & 255);
    const c = luma((second >>> 16) & 255, second >>> 24, third & 255);
    const d = luma((third >>> 8) & 255, (third >>> 16) & 255, third >>> 24);
    grey.setInt32(target, a | (b << 8) | (c << 16) | (d << 24), true);
  }
}

/**
 * By how much libvips's two integer passes round up on average: measured against OpenCV's blur on photographs.
 * Left in, it would cost the drawing a tenth of its white, and the file the compression that white gives.
 */
const blurBias = 0.375;

/** `quotients[blurred * 256 + grey]` = grey * 256 / blurred, half to even, at most 255, and 0 where blurred is 0. */
const quotients = tabulateQuotients();

function tabulateQuotients(): Uint8Array {
  const table = new Uint8Array(65_536);
  for (let grey = 0; grey < 256; grey++) {
    for (let blurred = 1; blurred < 256; blurred++) {
      table[blurred * 256 + grey] = Math.min(255, halfToEven((grey * 256) / (blurred - blurBias)));
    }
  }
  return table;
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The drawing, made row by row as an encoder asks for it. */
function drawnRows(grey: BorderedGrey, blurred: BorderedGrey): RowSource {
  const greyView = viewOf(grey.data);
  const blurredView = viewOf(blurred.data);
  const inWords = grey.width - (grey.width % 4);
  return (row, target, start) => {
    const from = rowStart(grey, row);
    divideWords(greyView, blurredView, quotients, from, from + inWords, viewOf(target), start);
    for (let column = inWords; column < grey.width; column++) {
      const pixel = from + column;
      target[start + column] = quotients[((blurred.data[pixel] ?? 0) << 8) | (grey.data[pixel] ?? 0)] ?? 0;
    }
  };
}

/**
 * Draws the pixels `from` to `to` (exclusive), four at a time as in `lumaOfWords`, into `target` at `start`. The table
 * is an argument, because V8 then knows its type.
 */
function divideWords(
  grey: DataView,
  blurred: DataView,
  table: Uint8Array,
  from: number,
  to: number,
  target: DataView,
  start: number,
): void {
  for (let pixel = from, place = start; pixel < to; pixel += 4, place += 4) {
    const over = grey.getInt32(pixel, true);
    const under = blurred.getInt32(pixel, true);
    const a = table[((under & 255) << 8) | (over & 255)] as number;
    const b = table[(under & 0xff00) | ((over >>> 8) & 255)] as number;
    const c = table[((under >>> 8) & 0xff00) | ((over >>> 16) & 255)] as number;
    const d = table[((under >>> 16) & 0xff00) | (over >>> 24)] as number;
    target.setInt32(place, a | (b << 8) | (c << 16) | (d << 24), true);
  }
}

async function encode(drawing: PictureRows, format: SketchOptions['format']): Promise<OperationOutput> {
  const { width, height } = drawing;
  const { extension, notes } = chooseFormat(extensionOf(format), {
    width,
    height,
    alpha: false,
  });
  const bytes = await encodeAs(extension, drawing);
  return { bytes, extension, width, height, model: null, inferenceMs: null, notes };
}

async function encodeAs(extension: PictureExtension, drawing: PictureRows): Promise<Uint8Array> {
  switch (extension) {
    case 'png':
      return await encodePng(drawing);
    case 'jpg':
      return await openRaw(gather(drawing)).jpeg({ quality: jpegQuality }).toBuffer();
    case 'webp':
      return await openRaw(gather(drawing)).webp({ quality: webpQuality, effort: webpEffort }).toBuffer();
    default:
      return extension satisfies never;
  }
}
