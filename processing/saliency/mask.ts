import { PermanentError } from '@spillway/core/errors.ts';
import type { SaliencyOutput } from '@spillway/models/manifest.ts';
import type { Samples } from '../samples.ts';
import { labelsOf } from './clothes.ts';
import type { SaliencyMap } from './net.ts';

/** What a net found, at the net's size. */
export type Finding =
  /** How much each place belongs to the subject, 0 to 255. */
  | { kind: 'mask'; mask: Samples; isFlat: boolean }
  /** Which clothes are where (`clothes.ts`). */
  | { kind: 'clothes'; labels: Samples };

/**
 * Reads a net's output as rembg's session for it does.
 * @throws PermanentError `model_invalid` if it contains NaN, or has the wrong channels.
 */
export function readMap(map: SaliencyMap, output: SaliencyOutput): Finding {
  checkNumbers(map.data);
  switch (output) {
    case 'map':
      return stretched(firstPlane(map), map);
    case 'logits':
      return stretched(firstPlane(map).map(sigmoid), map);
    case 'clothes':
      return { kind: 'clothes', labels: labelsOf(map) };
    default:
      return output satisfies never;
  }
}

function firstPlane({ data, width, height }: SaliencyMap): Float32Array {
  return data.subarray(0, width * height);
}

/** In single precision, step by step, as numpy computes it. Float32Array rounds the result. */
function sigmoid(value: number): number {
  return 1 / Math.fround(1 + Math.fround(Math.exp(-value)));
}

/**
 * A map in which something was found ranges from 0 to 1. If the range is smaller than this, nothing was found, and
 * stretching would only amplify noise.
 */
const leastRange = 0.05;

/**
 * A map stretched to 0..255 between its least and its greatest value, truncated, in single precision as rembg computes
 * it.
 *
 * A flat map, in which nothing was found, gives an empty mask. The alternatives are worse: rembg divides 0 by 0, and a
 * full mask would mean that the whole picture is the subject.
 */
function stretched(plane: Float32Array, { width, height }: SaliencyMap): Finding {
  const { least, greatest } = rangeOf(plane);
  const data = new Uint8Array(width * height);
  const range = Math.fround(greatest - least);
  if (range > 0) {
    for (let pixel = 0; pixel < data.length; pixel++) {
      const share = Math.fround(Math.fround((plane[pixel] as number) - least) / range);
      data[pixel] = Math.fround(share * 255);
    }
  }
  return { kind: 'mask', mask: { data, width, height, channels: 1 }, isFlat: range < leastRange };
}

function checkNumbers(data: Float32Array): void {
  for (const value of data) {
    if (!Number.isFinite(value)) {
      throw new PermanentError('model_invalid', 'The model’s weights are damaged: its map holds no numbers.');
    }
  }
}

function rangeOf(data: Float32Array): { least: number; greatest: number } {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { least, greatest };
}
