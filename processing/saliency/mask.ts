import { PermanentError } from '@spillway/core/errors.ts';
import type { Samples } from '../samples.ts';
import type { SaliencyMap } from './net.ts';

/**
 * The net's map stretched to 0..255 between its least and its greatest value, truncated, in single precision as rembg
 * computes it.
 *
 * A flat map, on which nothing stands out, has nothing to stretch: it gives an empty mask, "nothing found". The
 * alternatives are worse: rembg divides 0 by 0, and a full mask would say that all of the picture is its subject.
 * @throws PermanentError `model_invalid` where the map holds anything but numbers.
 */
export function toMask({ data, width, height }: SaliencyMap): Samples {
  const { least, greatest } = rangeOf(data);
  const mask = new Uint8Array(width * height);
  const range = Math.fround(greatest - least);
  if (range > 0) {
    for (let pixel = 0; pixel < mask.length; pixel++) {
      const share = Math.fround(Math.fround((data[pixel] as number) - least) / range);
      mask[pixel] = Math.fround(share * 255);
    }
  }
  return { data: mask, width, height, channels: 1 };
}

function rangeOf(data: Float32Array): { least: number; greatest: number } {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    if (!Number.isFinite(value)) {
      throw new PermanentError('model_invalid', 'The model’s weights are damaged: its map holds no numbers.');
    }
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { least, greatest };
}
