import type { captionModels, saliencyModels } from '@spillway/core/models.ts';

/** A published file of a model. */
export interface ModelFile {
  /** Its name in the model's folder. */
  name: string;
  /** Public address. */
  url: string;
  /** Bytes; null if the size was not recorded. The first download tells it. */
  bytes: number | null;
  /** Lower-case hex. Null if the publisher states none: the first download then pins it (`pins.ts`). */
  sha256: string | null;
  md5: string | null;
}

/** How to prepare a picture for a saliency net: a square, then `(x / maximum of the picture - mean) / std`. */
export interface SaliencyInput {
  /** Pixels of the square's side; null if the file itself has it. */
  side: number | null;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

/**
 * The meaning of a saliency net's first output.
 * - `map`: how salient each place is, in any range, in the first channel.
 * - `logits`: the same before a sigmoid.
 * - `clothes`: one channel each for background, upper, lower and full-body clothes. The greatest value decides.
 */
export type SaliencyOutput = 'map' | 'logits' | 'clothes';

/** How to prepare a picture for a net, and how to read the mask from its output. */
export interface SaliencyForm {
  input: SaliencyInput;
  output: SaliencyOutput;
}

interface ModelBase {
  description: string;
  /** SPDX identifier. */
  licence: string;
  /** Address of a page about it. */
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
  /** The model whose checkpoint is fetched and quantised to 8-bit integers; null if the model is used as published. */
  quantisedFrom: (typeof captionModels)[number] | null;
}

export type ManifestModel = SaliencyModel | CaptionModel;
