import { z } from 'zod';

/**
 * The part of the environment that every program has. Google's client libraries read `FIRESTORE_EMULATOR_HOST`,
 * `PUBSUB_EMULATOR_HOST` and `STORAGE_EMULATOR_HOST` by themselves.
 */
export const baseConfigSchema = z.object({
  SPILLWAY_PROJECT: z.string().min(1),
  SPILLWAY_UPLOADS_BUCKET: z.string().min(3),
  SPILLWAY_RESULTS_BUCKET: z.string().min(3),
  /** Plug-ins: folders and npm packages, separated by commas. */
  SPILLWAY_OPERATIONS: z.string().default(''),
});
export type BaseConfig = z.infer<typeof baseConfigSchema>;

/**
 * Parses an environment. Throws one message that names each variable that is wrong.
 * @example const config = parseConfig(baseConfigSchema.extend({ PORT: z.coerce.number() }), process.env);
 */
export function parseConfig<Schema extends typeof baseConfigSchema>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.infer<Schema> {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(`The environment is not complete.\n${z.prettifyError(parsed.error)}`);
  requireTwoBuckets(parsed.data.SPILLWAY_UPLOADS_BUCKET, parsed.data.SPILLWAY_RESULTS_BUCKET);
  return parsed.data;
}

/** Throws where uploads and results share a bucket, because every result would be an upload. */
export function requireTwoBuckets(uploads: string | undefined, results: string | undefined): void {
  if (uploads === undefined || uploads !== results) return;
  throw new Error(
    `SPILLWAY_UPLOADS_BUCKET and SPILLWAY_RESULTS_BUCKET are both "${uploads}". ` +
      'Results in the bucket of uploads would be worked on as uploads: give them a bucket of their own.',
  );
}
