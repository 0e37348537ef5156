import { z } from 'zod';

/**
 * The environment of every program. Google's client libraries themselves read
 * `FIRESTORE_EMULATOR_HOST`, `PUBSUB_EMULATOR_HOST` and `STORAGE_EMULATOR_HOST`, Google's own names for them.
 */
export const baseConfigSchema = z.object({
  SPILLWAY_PROJECT: z.string().min(1),
  SPILLWAY_UPLOADS_BUCKET: z.string().min(3),
  SPILLWAY_RESULTS_BUCKET: z.string().min(3),
});
export type BaseConfig = z.infer<typeof baseConfigSchema>;

/** Parses an environment; what is wrong with it is said in one message that names each variable. */
export function parseConfig<Schema extends typeof baseConfigSchema>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.infer<Schema> {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(`The environment is not complete.\n${z.prettifyError(parsed.error)}`);
  requireTwoBuckets(parsed.data.SPILLWAY_UPLOADS_BUCKET, parsed.data.SPILLWAY_RESULTS_BUCKET);
  return parsed.data;
}

/** Throws where uploads and results share a bucket: every result would be an upload. */
export function requireTwoBuckets(uploads: string | undefined, results: string | undefined): void {
  if (uploads === undefined || uploads !== results) return;
  throw new Error(
    `SPILLWAY_UPLOADS_BUCKET and SPILLWAY_RESULTS_BUCKET are both "${uploads}". ` +
      'Results in the bucket of uploads would be worked on as uploads: give them a bucket of their own.',
  );
}
