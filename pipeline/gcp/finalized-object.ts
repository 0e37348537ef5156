import { finalizedObjectSchema } from '@spillway/core/uploads.ts';
import { z } from 'zod';

/** Cloud Storage sends 64-bit numbers as strings. A value that is no number must not pass for 0. */
const wholeNumberSchema = z.union([z.string().regex(/^\d{1,19}$/), z.int().min(0)]);
/** A value that is no time must not pass for 1970. */
const timeSchema = z.union([z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))]);

/**
 * An object as Cloud Storage describes it, in events and in lists, read into the pipeline's own form.
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects#resource
 */
export const objectResourceSchema = finalizedObjectSchema.extend({
  generation: wholeNumberSchema.transform(String),
  size: wholeNumberSchema.transform(Number),
  timeCreated: timeSchema.pipe(finalizedObjectSchema.shape.timeCreated),
});
