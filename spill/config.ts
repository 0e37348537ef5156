import { baseConfigSchema } from '@spillway/pipeline/config.ts';
import { claimConfigShape, identityConfigShape, processingConfigShape } from '@spillway/worker/config.ts';
import { z } from 'zod';

/** The environment of `spill`. */
export const spillConfigSchema = baseConfigSchema.extend({
  ...identityConfigShape,
  ...claimConfigShape,
  SPILLWAY_WORK_DIR: processingConfigShape.SPILLWAY_WORK_DIR,
  /** Longest time for one operation on one picture: as the Cloud Run worker has it. Milliseconds. */
  SPILLWAY_TIME_LIMIT_MS: processingConfigShape.SPILLWAY_TIME_LIMIT_MS,
  /** A file with a service account's key, or with how this machine proves who it is, as Google's client libraries read it. */
  GOOGLE_APPLICATION_CREDENTIALS: z.string().min(1).optional(),
  /** How long work in progress may take to finish after SIGTERM. Milliseconds. */
  SPILLWAY_DRAIN_MS: z.coerce.number().min(0).default(20_000),
  /** Port of `GET /health` and `GET /metrics`. There is none where it is not set. */
  SPILLWAY_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** Where that port is listened on. */
  SPILLWAY_HOST: z.string().min(1).default('127.0.0.1'),
});
export type SpillConfig = z.infer<typeof spillConfigSchema>;
