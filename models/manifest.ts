import type { captionModels, saliencyModels } from '@spillway/core/models.ts';

/** A file of a model, as its publisher offers it. */
export interface ModelFile {
  /** Its name in the model's folder. */
  name: string;
  /** Public address. */
  url: string;
  /** Null where the publisher's size was not recorded: the first download tells. */
  bytes: number | null;
  /** Lower-case hex. Null where the publisher states none: the first download pins it (`pins.ts`). */
  sha256: string | null;
  md5: string | null;
}

/** How a saliency net wants its input: `(x / maximum of the picture - mean) / std`, squashed to a square. */
export interface SaliencyInput {
  /** Pixels of the square's side; null where the file itself says. */
  side: number | null;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

/**
 * What a saliency net's first output holds.
 * - `map`: how much each place stands out, in any range, in the first channel.
 * - `logits`: the same before a sigmoid.
 * - `clothes`: a channel each for the background, upper, lower and full-body clothes; the greatest is what is there.
 */
export type SaliencyOutput = 'map' | 'logits' | 'clothes';

/** How a picture goes into a net, and how a mask comes out of it. */
export interface SaliencyForm {
  input: SaliencyInput;
  output: SaliencyOutput;
}

interface ModelBase {
  description: string;
  /** SPDX identifier. */
  licence: string;
  /** Where a person can read about it. */
  page: string;
  files: ModelFile[];
}

export interface SaliencyModel extends ModelBase, SaliencyForm {
  kind: 'saliency';
  name: (typeof saliencyModels)[number];
}

export interface CaptionModel extends ModelBase {
  kind: 'caption';
  name: (typeof captionModels)[number];
  /** The model whose checkpoint is fetched and quantised to 8-bit integers; null for one that is used as it is. */
  quantisedFrom: (typeof captionModels)[number] | null;
}

export type ManifestModel = SaliencyModel | CaptionModel;
