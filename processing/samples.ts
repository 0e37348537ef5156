import sharp, { type Sharp } from 'sharp';

/** Samples of 8 bits, interleaved, row by row without padding. */
export interface Samples {
  data: Uint8Array;
  width: number;
  height: number;
  /** Samples a pixel. */
  channels: number;
}

/** Writes the samples of one row into `target` from `start` on. It is called once for each row, from the top. */
export type RowSource = (row: number, target: Uint8Array, start: number) => void;

/** A picture of 8 bits a sample. Its rows are made when the encoder asks for them. */
export interface PictureRows {
  width: number;
  height: number;
  /** Grey, RGB or RGBA. */
  channels: 1 | 3 | 4;
  writeRow: RowSource;
}

/** Effort 1 of 0..6: half the time of the default for a few per cent of size. */
export const webpEffort = 1;
/** For lossy WebP. */
export const webpQuality = 90;

/** Samples in memory as a sharp image. Grey stays grey, although sharp would make three equal channels. */
export function openRaw({ data, width, height, channels }: Samples): Sharp {
  const raw = { width, height, channels: channels as 1 | 3 | 4 };
  const picture = sharp(data, { raw, limitInputPixels: false });
  return channels === 1 ? picture.toColourspace('b-w') : picture;
}

/** All rows of a picture, for the encoders of libvips. */
export function gather({ width, height, channels, writeRow }: PictureRows): Samples {
  const line = width * channels;
  const data = new Uint8Array(line * height);
  for (let row = 0; row < height; row++) writeRow(row, data, row * line);
  return { data, width, height, channels };
}

/** For reading and writing four samples at a time. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/**
 * One plane after another, as neural networks take pictures: [channels, height, width].
 * @param levels For each channel, the value of each of the 256 levels.
 */
export function toPlanes({ data, width, height }: Samples, levels: Float32Array[]): Float32Array {
  const count = width * height;
  const planes = new Float32Array(levels.length * count);
  for (const [channel, values] of levels.entries()) {
    fillPlane(planes.subarray(channel * count, (channel + 1) * count), data, channel, levels.length, values);
  }
  return planes;
}

function fillPlane(
  plane: Float32Array,
  data: Uint8Array,
  channel: number,
  channels: number,
  levels: Float32Array,
): void {
  for (let pixel = 0, at = channel; pixel < plane.length; pixel++, at += channels) {
    plane[pixel] = levels[data[at] as number] as number;
  }
}
