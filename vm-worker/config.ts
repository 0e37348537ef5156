import { workerConfigSchema } from '@spillway/worker/config.ts';
import { z } from 'zod';

/** The environment of a VM worker. */
export const vmConfigSchema = workerConfigSchema.extend({
  /** How long work in progress may take to finish after SIGTERM; a Spot VM gets 30 s of notice. */
  SPILLWAY_DRAIN_MS: z.coerce.number().min(0).default(20_000),
});
