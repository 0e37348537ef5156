import { z } from 'zod';
import { instant, targetSchema } from './job.ts';
import { workerOffersSchema } from './offers.ts';
import { quantilesSchema } from './routing/quantiles.ts';
import { learnedServiceSchema } from './routing/service-times.ts';

/** `draining` becomes `drained` when nothing is in progress. `paused`: the worker's own breaker stops it. */
export const workerStates = ['starting', 'ready', 'paused', 'draining', 'drained', 'stopped'] as const;

export const operationStatsSchema = z.object({
  /** Smoothed service time on this worker: how long an operation kept its slot. Milliseconds. */
  serviceMs: z.number().min(0),
  succeeded: z.int().min(0),
  /** Without those that failed for what was sent, since no worker is to blame for that. */
  failed: z.int().min(0),
  /** Quantiles of its service times as ratios to the priors. Routers predict from them. */
  learned: learnedServiceSchema.nullable().default(null),
});
export type OperationStats = z.infer<typeof operationStatsSchema>;

/** `workers/{id}`: a worker's report about itself. Its age is the document's age by Firestore's clock, not a field. */
export const heartbeatSchema = z.object({
  id: z.string(),
  kind: targetSchema,
  state: z.enum(workerStates),
  /** Operations that run at a time. */
  slots: z.int().min(0),
  /** Operations that run now. */
  busy: z.int().min(0),
  /**
   * Jobs in its hands: those that are worked on, and those that are fetched or stored beside them. Null for a version that
   * does not say.
   */
  inFlight: z.int().min(0).nullable().default(null),
  /** Load of the machine's processors since the last heartbeat, as shares 0..1. */
  cpu: z.object({ load: z.number().min(0), perCore: z.array(z.number().min(0)) }),
  /** The machine's memory in bytes. */
  memory: z.object({ totalBytes: z.number(), usedBytes: z.number() }),
  /** The worker's own process tree: `cpu` in cores (1.0 is one busy core), resident memory in bytes. */
  process: z.object({ cpu: z.number().min(0), rssBytes: z.number().min(0), count: z.int().min(0) }),
  perOperation: z.record(z.string(), operationStatsSchema),
  /** From the decision to the claim of a job with nothing ahead of it, in milliseconds. */
  delivery: quantilesSchema.nullable().default(null),
  /**
   * What a job waits for beside its slot, from the claim to the outcome: its download, and the writing of its result. In
   * milliseconds. Null for a version whose service times contain it.
   */
  io: quantilesSchema.nullable().default(null),
  /** From the decision for its first job to the claim, in milliseconds, if this instance was started for that job. */
  coldStartMs: z.number().min(0).nullable().default(null),
  models: z.array(z.string()),
  /** What it can do; null for a version that does not say. */
  offers: workerOffersSchema.nullable().default(null),
  /** What its machine lacks (`machineLacks`, or a newer version's word). It takes nothing until it has that again. */
  lacks: z.array(z.string()).default([]),
  /**
   * US dollars that an hour costs in which all its slots work, beyond what an idle hour costs. Null: it is paid for
   * whether it works or not, like a virtual machine of a cloud.
   */
  pricePerHour: z.number().min(0).nullable().default(null),
  startedAt: instant,
  version: z.string(),
  expiresAt: instant,
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** Milliseconds after its last beat for which a heartbeat is kept: every decision reads all that there are. */
const keptMs = {
  /** The worker has said goodbye. It is shown for a moment. */
  stopped: 60_000,
  /** An instance without requests does not beat, and is believed to be warm for this long (`run.warmWithinMs`). */
  run: 5 * 60_000,
  /** A VM that falls silent is news for the admin. */
  vm: 10 * 60_000,
} as const;

/** How long a heartbeat is kept after this beat, in milliseconds. */
export function heartbeatKeptMs({ kind, state }: Pick<Heartbeat, 'kind' | 'state'>): number {
  return state === 'stopped' ? keptMs.stopped : keptMs[kind];
}

/** A heartbeat as its reader saw it. */
export interface Worker extends Heartbeat {
  /** Milliseconds since the heartbeat was written, by the database's clock. */
  ageMs: number;
}

/** A worker's clock may be ahead of the database's by this much, in milliseconds. */
const clockSkewMs = 60_000;

export type ReadHeartbeat =
  | { kind: 'worker'; worker: Worker }
  /** It is ignored and counted. */
  | { kind: 'malformed' | 'from_the_future' };

/**
 * Reads a heartbeat from the database.
 * @param ageMs By the database's clock.
 * @param readAt The time of the reading, by the same clock.
 */
export function readHeartbeat(data: unknown, ageMs: number, readAt: Date): ReadHeartbeat {
  const heartbeat = heartbeatSchema.safeParse(data);
  if (!heartbeat.success) return { kind: 'malformed' };
  const future = ageMs < 0 || heartbeat.data.startedAt.getTime() > readAt.getTime() + clockSkewMs;
  return future ? { kind: 'from_the_future' } : { kind: 'worker', worker: { ...heartbeat.data, ageMs } };
}

/** `controls/{workerId}`: what the admin or its own breaker wants of a worker. Heartbeats never overwrite it. */
export const controlSchema = z.object({
  drain: z.boolean().default(false),
  /** Set by the worker's breaker, and removed after a successful self-test. */
  pause: z.object({ why: z.string(), since: instant }).nullable().default(null),
});
export type Control = z.infer<typeof controlSchema>;
