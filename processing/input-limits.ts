import { largestFile } from '@spillway/core/file-size.ts';
import { z } from 'zod';

/** What a picture may be at most, judged from its header before a pixel of it is decoded. */
export const inputLimitsSchema = z.object({
  /** Bytes of the file. */
  maxBytes: z.int().min(1),
  /** Pixels of the longer side. */
  maxSide: z.int().min(1),
  /** Longer side divided by the shorter one. */
  maxAspect: z.number().min(1),
  /** Pixels of one frame. */
  maxPixels: z.int().min(1),
  /** Frames of an animation. Only the first is decoded, but a header may claim any number. */
  maxPages: z.int().min(1),
});
export type InputLimits = z.infer<typeof inputLimitsSchema>;

/**
 * The aspect limit is there because a pixel limit alone does not protect memory: libvips keeps whole lines in flight,
 * and a 98 KB PNG of 786432x32 pixels was seen to take 1.26 GB. 100 megapixels hold what cameras and telephones make
 * in their usual modes (24 to 50) twice over.
 */
export const defaultInputLimits: InputLimits = {
  maxBytes: largestFile,
  maxSide: 16_384,
  maxAspect: 50,
  maxPixels: 100_000_000,
  maxPages: 10_000,
};
