import { callerConfigShape } from '@spillway/pipeline/callers/config.ts';
import { baseConfigSchema } from '@spillway/pipeline/config.ts';
import { z } from 'zod';

/** The environment of the functions. */
export const functionsConfigSchema = baseConfigSchema.extend({
  ...callerConfigShape,
  /** The function that this process serves, as the platform says it. Metrics are told apart by it. */
  FUNCTION_TARGET: z.string().min(1).default('functions'),
  /** How long one scheduled call goes on sweeping, in milliseconds. Cloud Scheduler calls once a minute at most. */
  SPILLWAY_SWEEP_FOR_MS: z.coerce.number().min(0).default(55_000),
  /** An upload without jobs counts as lost at this age, in milliseconds. */
  SPILLWAY_LOST_AFTER_MS: z.coerce.number().min(0).default(600_000),
});
