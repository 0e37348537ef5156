import type { Model } from '@spillway/core/job.ts';
import type { OperationOptions } from '@spillway/core/operations.ts';
import type { ResultExtension } from '@spillway/core/picture-types.ts';
import type { ModelLibrary } from '@spillway/models/installed.ts';
import type { CheckedImage, Decoded } from './checked-image.ts';

export interface OperationOutput {
  /** The whole result file. */
  bytes: Uint8Array;
  extension: ResultExtension;
  /** Pixels of the result; for a result that is no picture, those of the source as a person sees it. */
  width: number;
  height: number;
  /** The model that made the result, null for an operation that needs none. */
  model: Model | null;
  /** Milliseconds that the model ran for; null where there is none. */
  inferenceMs: number | null;
  /** What a person should know of how it was made, one sentence each; empty where nothing is out of the ordinary. */
  notes: string[];
}

/** What an operation has to work with beside its picture. */
export interface OperationContext {
  /** Where it finds the model that its options ask for. */
  models: ModelLibrary;
  /** Threads that inference may use. */
  threads: number;
}

/** The implementation of an operation. The rest of it is its manifest. */
export interface ImageOperation<Options> {
  /**
   * Makes the result of a picture that passed the input gate.
   * @throws PermanentError where the picture or the options are at fault, RetryableError where trying again may help.
   */
  make(image: CheckedImage, options: Options, context: OperationContext): Promise<OperationOutput>;
  /**
   * Most bytes that it holds at once for each pixel of a picture, the decoded samples included: the gate measures by
   * it, before the work, what fits into memory. Measured with `npm run test:hostile`.
   */
  bytesPerPixel(options: Options, decoded: Decoded): number;
  /** Pictures that warm it up: more than one where V8 has to compile loops over pixels. */
  readonly warmUpRuns: number;
  /** Names of the models that it has loaded in this process. */
  loadedModels(): string[];
}

/** The implementations that a process has, by the operation's name. */
export type ImageOperations = Readonly<Record<string, ImageOperation<OperationOptions>>>;
