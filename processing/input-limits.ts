import { largestFile } from '@spillway/core/file-size.ts';
import { largestAspect, largestSide, mostPicturePixels } from '@spillway/core/picture-limits.ts';
import { z } from 'zod';

/** Limits for a picture, checked on the structure of its file before a pixel is decoded. */
export const inputLimitsSchema = z.object({
  /** Bytes of the file. */
  maxBytes: z.int().min(1),
  /** Pixels of the longer side. */
  maxSide: z.int().min(1),
  /** Longer side divided by the shorter one. */
  maxAspect: z.number().min(1),
  /** Pixels of one frame. */
  maxPixels: z.int().min(1),
  /** Frames of an animation. Only the first is decoded, but a decoder may search for all of them. */
  maxPages: z.int().min(1),
  /** Pixels times the passes in which they are coded. */
  maxPassPixels: z.int().min(1),
  /** Bytes that decoder and operation may need together, by `memory-estimate.ts`, in addition to the idle process. */
  maxMemory: z.number().min(1),
});
export type InputLimits = z.infer<typeof inputLimitsSchema>;

/**
 * The aspect limit is there because a pixel limit alone does not protect memory: libvips keeps whole lines in flight,
 * and a 98 KB PNG of 786432x32 pixels took 1.26 GB. A child with its built-in models has 320 MB. With a picture it stays below 1,200 MB, far below its
 * limit.
 */
export const defaultInputLimits: InputLimits = {
  maxBytes: largestFile,
  maxSide: largestSide,
  maxAspect: largestAspect,
  maxPixels: mostPicturePixels,
  maxPages: 10_000,
  maxPassPixels: 2_000_000_000,
  maxMemory: 875_000_000,
};
