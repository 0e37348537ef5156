import type { SaliencyInput } from '@spillway/models/manifest.ts';
import type { Samples } from './lanczos.ts';

/** What rembg divides by where a picture is black. */
const leastMaximum = 1e-6;

/**
 * A squashed picture as a net wants it: 1x3xSxS, every sample divided by the largest of the picture (not by 255),
 * then by its channel's mean and deviation. In double precision up to the last step, as numpy does it in rembg.
 */
export function toNetInput({ data, width, height }: Samples, { mean, std }: SaliencyInput): Float32Array {
  const maximum = Math.max(largest(data), leastMaximum);
  const plane = width * height;
  const input = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const levels = Float32Array.from({ length: 256 }, (_, level) => {
      return (level / maximum - (mean[channel] ?? 0)) / (std[channel] ?? 1);
    });
    fillPlane(input.subarray(channel * plane, (channel + 1) * plane), data, channel, levels);
  }
  return input;
}

function largest(data: Uint8Array): number {
  let maximum = 0;
  for (let index = 0; index < data.length; index++) maximum = Math.max(maximum, data[index] as number);
  return maximum;
}

function fillPlane(plane: Float32Array, data: Uint8Array, channel: number, levels: Float32Array): void {
  for (let pixel = 0, at = channel; pixel < plane.length; pixel++, at += 3) {
    plane[pixel] = levels[data[at] as number] as number;
  }
}
