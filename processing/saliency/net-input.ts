import type { SaliencyInput } from '@spillway/models/manifest.ts';
import { type Samples, toPlanes } from '../samples.ts';

/** rembg's divisor for a black picture. */
const leastMaximum = 1e-6;

/**
 * A squashed picture as the input of a net: 1x3xSxS, every sample divided by the largest of the picture (not by 255),
 * then by its channel's mean and deviation. In double precision up to the last step, as numpy does it in rembg.
 */
export function toNetInput(picture: Samples, { mean, std }: SaliencyInput): Float32Array {
  const maximum = Math.max(largest(picture.data), leastMaximum);
  const levels = mean.map((channelMean, channel) =>
    Float32Array.from({ length: 256 }, (_, level) => (level / maximum - channelMean) / (std[channel] ?? 1)),
  );
  return toPlanes(picture, levels);
}

function largest(data: Uint8Array): number {
  let maximum = 0;
  for (let index = 0; index < data.length; index++) maximum = Math.max(maximum, data[index] as number);
  return maximum;
}
