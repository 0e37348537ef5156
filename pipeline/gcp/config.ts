import { z } from 'zod';

/**
 * The environment of every program that talks to Google Cloud. The client libraries themselves read
 * `FIRESTORE_EMULATOR_HOST`, `PUBSUB_EMULATOR_HOST` and `STORAGE_EMULATOR_HOST`, Google's own names for them.
 */
export const gcpConfigSchema = z.object({
  SPILLWAY_PROJECT: z.string().min(1),
  SPILLWAY_UPLOADS_BUCKET: z.string().min(3),
  SPILLWAY_RESULTS_BUCKET: z.string().min(3),
});
export type GcpConfig = z.infer<typeof gcpConfigSchema>;

/** Parses an environment; what is wrong with it is said in one message that names each variable. */
export function parseConfig<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.infer<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(`The environment is not complete.\n${z.prettifyError(parsed.error)}`);
}
