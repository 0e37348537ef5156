import type { Model } from '@spillway/core/job.ts';
import type { OperationName, OptionsOf } from '@spillway/core/operations.ts';
import type { CheckedImage } from './input-gate.ts';

/** File formats of results, by extension. */
export const contentTypes = {
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  json: 'application/json',
} as const;
export type ResultExtension = keyof typeof contentTypes;

export interface OperationOutput {
  /** The whole result file. */
  bytes: Uint8Array;
  extension: ResultExtension;
  /** Pixels of the result; for a result that is no picture, those of the source as a person sees it. */
  width: number;
  height: number;
  /** The model that made the result, null for an operation that needs none. */
  model: Model | null;
}

/** The pixel side of an operation. Its name, options and objective stand in `core/operations/<name>.ts`. */
export interface ImageOperation<Options> {
  /**
   * Makes the result of a picture that passed the input gate.
   * @throws PermanentError where the picture or the options are at fault, RetryableError where trying again may help.
   */
  run(image: CheckedImage, options: Options): Promise<OperationOutput>;
  /** Names of the models that it runs with here. */
  readonly models: readonly string[];
}

/** One entry for every operation that core knows: a missing one is a type error. */
export type ImageOperations = { readonly [Name in OperationName]: ImageOperation<OptionsOf<Name>> };
