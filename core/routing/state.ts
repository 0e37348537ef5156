import { z } from 'zod';
import { figuresSchema } from './figures.ts';
import { runBreakerSchema } from './run-breaker.ts';
import { learnedServicesSchema } from './service-times.ts';

/**
 * The document `routing/state`: what routers know of the world beyond heartbeats and jobs. The sweep keeps it, one
 * sweeper at a time; every router reads it. Durations in milliseconds.
 */
export const routerStateSchema = z.object({
  /** Raised by one with every change: a sweeper that has lost its lease must not write over a newer state. */
  revision: z.int().min(0).default(0),
  /** Service times by place, from what the workers there have seen. */
  learned: z
    .object({ vm: learnedServicesSchema.default({}), run: learnedServicesSchema.default({}) })
    .prefault({}),
  /** From the decision to the claim where a slot was free and warm. */
  delivery: z
    .object({ vm: figuresSchema.nullable().default(null), run: figuresSchema.nullable().default(null) })
    .prefault({}),
  /** From the decision to the claim by an instance that was not there before. */
  coldStart: figuresSchema.nullable().default(null),
  breaker: runBreakerSchema.prefault({}),
  /** US dollars that decisions of the last hour gave to Cloud Run. */
  spentLastHour: z.number().min(0).default(0),
});
export type RouterState = z.infer<typeof routerStateSchema>;

export const initialRouterState: RouterState = routerStateSchema.parse({});
