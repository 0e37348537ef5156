import { z } from 'zod';
import { modelSchema } from './job.ts';

/** The result file of `caption`. */
export const captionResultSchema = z.object({
  caption: z.string(),
  /** Tokens of the caption, by the model's vocabulary. */
  ids: z.array(z.int()),
  /** The sentences that were followed to their end, the likeliest first. */
  beams: z.array(z.object({ text: z.string(), ids: z.array(z.int()), score: z.number() })),
  model: modelSchema,
  /** Milliseconds by step. */
  timings: z.record(z.string(), z.number()),
});
export type CaptionResult = z.infer<typeof captionResultSchema>;
