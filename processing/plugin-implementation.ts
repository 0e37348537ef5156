import type { OperationManifest, Product } from '@spillway/core/operations/operation.ts';
import type { PictureType } from '@spillway/core/picture-types.ts';
import type { ModelLibrary } from '@spillway/models/installed.ts';
import type { Sharp } from 'sharp';
import type { z } from 'zod';

/** The picture that a plug-in works on. It has passed the input gate. */
export interface PluginPicture {
  /** Pixels of the first frame as a person sees it. */
  readonly width: number;
  readonly height: number;
  readonly type: PictureType;
  /** The checked file itself, for programs that want one. */
  readonly path: string;
  /**
   * All pixels of the first frame, upright and in sRGB, as the beginning of a sharp pipeline. A damaged picture ends
   * the job here, with the right code.
   * @see https://sharp.pixelplumbing.com/api-resize
   */
  open(): Promise<Sharp>;
}

/** What a plug-in is given for one job. */
export interface PluginWork<Options> {
  readonly picture: PluginPicture;
  /** Checked, and filled up with defaults. */
  readonly options: Options;
  /** Finds models of the manifest's kind. */
  readonly models: ModelLibrary;
  /** Threads that the work may use. */
  readonly threads: number;
  /** Adds a sentence that a person should know of how the result was made. */
  note(sentence: string): void;
  /** Ends the job as failed for good: the picture cannot be worked on, and this sentence says why. */
  refuse(sentence: string): never;
}

/** What a plug-in returns: a sharp pipeline, which Spillway encodes; a value that JSON can hold; or text. */
export type Made<Makes extends Product> = Makes extends { kind: 'picture' }
  ? Sharp
  : Makes extends { kind: 'text' }
    ? string
    : Makes extends { schema: infer Schema extends z.ZodType }
      ? z.input<Schema>
      : unknown;

/** The implementation of a plug-in. */
export interface PluginImplementation<Options, Makes extends Product> {
  /** Makes the result. What it throws counts against the plug-in, never against the machine. */
  make(work: PluginWork<Options>): Promise<Made<Makes>> | Made<Makes>;
  /** Most bytes that it holds for each pixel of the picture, beside the pixels themselves. Default: 4. */
  readonly bytesPerPixel?: number;
}

/**
 * Gives types to the implementation of a manifest's operation.
 * @example
 * export default defineImplementation(thumbnail, {
 *   async make({ picture, options }) {
 *     const pixels = await picture.open();
 *     return pixels.resize(options.side, options.side, { fit: 'inside' });
 *   },
 * });
 */
export function defineImplementation<
  Name extends string,
  Options extends z.ZodObject,
  Makes extends Product<Options>,
>(
  _manifest: OperationManifest<Name, Options, Makes>,
  implementation: PluginImplementation<z.infer<Options>, Makes>,
): PluginImplementation<z.infer<Options>, Makes> {
  return implementation;
}
