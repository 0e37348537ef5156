import { PermanentError } from '@spillway/core/errors.ts';
import type { RemoveBackgroundOptions } from '@spillway/core/operations/remove-background.ts';
import type { Samples } from '../samples.ts';
import type { SaliencyMap } from './net.ts';

/** Channels of the net's output: the background and three kinds of clothes. */
const kinds = 4;

const labelOf = { upper: 1, lower: 2, full: 3 } as const;

/**
 * The channel that is greatest at each place, the first of equals, as numpy's `argmax` finds it: 0 for the background.
 * @throws PermanentError `model_invalid` where there are other channels.
 */
export function labelsOf({ data, channels, width, height }: SaliencyMap): Samples {
  if (channels !== kinds) {
    const found = `its output has ${channels} channels and not ${kinds}`;
    throw new PermanentError('model_invalid', `The model cannot be used: ${found}, as one for clothes has.`);
  }
  const count = width * height;
  const labels = new Uint8Array(count);
  for (let pixel = 0; pixel < count; pixel++) {
    let greatest = 0;
    for (let label = 1; label < kinds; label++) {
      const value = data[label * count + pixel] as number;
      if (value > (data[greatest * count + pixel] as number)) greatest = label;
    }
    labels[pixel] = greatest;
  }
  return { data: labels, width, height, channels: 1 };
}

/**
 * A mask of the clothes that are asked for. rembg enlarges the labels as if they were levels and looks up each level
 * in a palette, so that the rim of lower clothes is upper ones; its masks are what this is held against.
 */
export function maskOfClothes(labels: Samples, clothes: RemoveBackgroundOptions['clothes']): Samples {
  const isWanted = (label: number): boolean =>
    clothes === 'all' ? label >= 1 && label < kinds : label === labelOf[clothes];
  return { ...labels, data: labels.data.map((label) => (isWanted(label) ? 255 : 0)) };
}
