import { callerConfigShape } from '@spillway/pipeline/callers/config.ts';
import { workerConfigSchema } from '@spillway/worker/config.ts';
import { z } from 'zod';

/** The environment of a Cloud Run worker. `SPILLWAY_SLOTS` is the service's concurrency. */
export const runConfigSchema = workerConfigSchema.extend({
  ...callerConfigShape,
  PORT: z.coerce.number().int().min(0).default(8080),
  /** Where it listens. Cloud Run's front reaches a container from outside of it. */
  SPILLWAY_HOST: z.string().min(1).default('0.0.0.0'),
  /**
   * The file system of an instance is memory, and the sender of a picture may name any model: they come with the image
   * or from a mounted folder (`SPILLWAY_MODELS_DIR`), and are never fetched.
   */
  SPILLWAY_MODELS_SOURCE: z.literal('none').default('none'),
  /** Cloud Run sends SIGTERM 10 s before the end. Milliseconds. */
  SPILLWAY_DRAIN_MS: z.coerce.number().min(0).default(7_000),
});
