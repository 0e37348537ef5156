import type { Model } from '@spillway/core/job.ts';
import type { OperationOptions } from '@spillway/core/operations.ts';
import type { ResultExtension } from '@spillway/core/picture-types.ts';
import type { ModelLibrary } from '@spillway/models/installed.ts';
import type { CheckedImage, Decoded } from './checked-image.ts';
import type { Samples } from './samples.ts';

export interface OperationOutput {
  /** The whole result file. */
  bytes: Uint8Array;
  extension: ResultExtension;
  /** Pixels of the result. If it is not a picture, those of the upright source. */
  width: number;
  height: number;
  /** The model that made the result, null for an operation that needs none. */
  model: Model | null;
  /** Milliseconds that the model ran for; null where there is none. */
  inferenceMs: number | null;
  /** Notes for a person about how it was made, one sentence each; empty if there is nothing special. */
  notes: string[];
  /** How the result looks small, where thumbnails are wanted and reading it again would take longer than this. */
  small?: SmallResult;
}

export interface SmallResult {
  /** Draws the result at the size of a small source, which is upright and in sRGB. */
  draw(source: Samples): Promise<Samples>;
  /** What pages show other options with, at most as large as `shrinkMask` leaves it; null where there is none. */
  mask: Samples | null;
}

/** What an operation gets in addition to its picture. */
export interface OperationContext {
  /** Where it finds the model that its options ask for. */
  models: ModelLibrary;
  /** Threads that inference may use. */
  threads: number;
  /** Whether thumbnails of the result are made afterwards. Default: no. */
  thumbnails?: boolean;
}

/** The implementation of an operation. The rest of it is its manifest. */
export interface ImageOperation<Options> {
  /**
   * Makes the result of a picture that passed the input gate.
   * @throws PermanentError if the picture or the options are at fault, RetryableError if another attempt may succeed.
   */
  make(image: CheckedImage, options: Options, context: OperationContext): Promise<OperationOutput>;
  /**
   * The most bytes that it holds at once for each pixel, including the decoded samples. The gate uses it to refuse
   * pictures that do not fit into memory. Measured with `npm run test:hostile`.
   */
  bytesPerPixel(options: Options, decoded: Decoded): number;
  /** The number of pictures that warm it up: more than one if V8 has to compile loops over pixels. */
  readonly warmUpRuns: number;
  /** Options of these pictures, beyond the defaults: they leave out what is loaded only while such pictures come. */
  readonly warmUpOptions?: Partial<Options>;
  /** Names of the models that it has loaded in this process. */
  loadedModels(): string[];
}

/** The implementations that a process has, by the operation's name. */
export type ImageOperations = Readonly<Record<string, ImageOperation<OperationOptions>>>;
