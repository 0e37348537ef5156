import { workerConfigSchema } from '@spillway/worker/config.ts';
import { z } from 'zod';

/** The environment of a VM worker. */
export const vmConfigSchema = workerConfigSchema.extend({
  /** How long work in progress may take to finish after SIGTERM; a Spot VM gets 30 s of notice. */
  SPILLWAY_DRAIN_MS: z.coerce.number().min(0).default(20_000),
  /** Port of `GET /health`, for the health check of a managed instance group. There is none where it is not set. */
  SPILLWAY_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** Where that port is listened on. Health checks come from outside of the VM. */
  SPILLWAY_HOST: z.string().min(1).default('0.0.0.0'),
});
