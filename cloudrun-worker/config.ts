import { workerConfigSchema } from '@spillway/worker/config.ts';
import { z } from 'zod';

/** The environment of a Cloud Run worker. `SPILLWAY_SLOTS` is the service's concurrency. */
export const runConfigSchema = workerConfigSchema.extend({
  PORT: z.coerce.number().int().min(0).default(8080),
  HOST: z.string().default('0.0.0.0'),
  /** Cloud Run sends SIGTERM 10 s before the end. Milliseconds. */
  SPILLWAY_DRAIN_MS: z.coerce.number().min(0).default(7_000),
});
