import { callerConfigShape } from '@spillway/pipeline/callers/config.ts';
import { baseConfigSchema } from '@spillway/pipeline/config.ts';
import { jobEventsConfigShape } from '@spillway/pipeline/push/job-events-config.ts';
import { routedAtOnce } from '@spillway/pipeline/topics.ts';
import { z } from 'zod';

/** An upload without jobs counts as lost at this age, in milliseconds. */
const lostAfterMs = z.coerce.number().min(0).default(600_000);

/** The environment of the functions. */
export const functionsConfigSchema = baseConfigSchema.extend({
  ...callerConfigShape,
  /** The function that this process serves, as the platform says it. Metrics are told apart by it. */
  FUNCTION_TARGET: z.string().min(1).default('functions'),
  /** How long one scheduled call goes on sweeping, in milliseconds. Cloud Scheduler calls once a minute at most. */
  SPILLWAY_SWEEP_FOR_MS: z.coerce.number().min(0).default(55_000),
  SPILLWAY_LOST_AFTER_MS: lostAfterMs,
  /** How long one call searches for lost uploads, in milliseconds. What is left is searched by the next call. */
  SPILLWAY_SEARCH_FOR_MS: z.coerce.number().min(0).default(1_200_000),
});

/** The environment of the router, which does the work of all functions in one process. */
export const routerConfigSchema = baseConfigSchema.extend({
  SPILLWAY_LOST_AFTER_MS: lostAfterMs,
  ...jobEventsConfigShape,
  /** Uploads of each of the two buckets that are routed at the same time. */
  SPILLWAY_ROUTES_AT_ONCE: z.coerce.number().int().min(1).max(1_000).default(routedAtOnce),
  /** Port of `GET /health` and `GET /metrics`. There is none where it is not set. */
  SPILLWAY_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** Where that port is listened on. */
  SPILLWAY_HOST: z.string().min(1).default('127.0.0.1'),
});
export type RouterConfig = z.infer<typeof routerConfigSchema>;
