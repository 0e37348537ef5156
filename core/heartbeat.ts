import { z } from 'zod';
import { instant, targetSchema } from './job.ts';

export const workerStates = ['starting', 'ready', 'draining', 'stopped'] as const;

export const operationStatsSchema = z.object({
  /** Smoothed service time in milliseconds: claim to outcome, on this worker. */
  serviceMs: z.number().min(0),
  succeeded: z.int().min(0),
  failed: z.int().min(0),
});
export type OperationStats = z.infer<typeof operationStatsSchema>;

/** `workers/{id}`: what a worker says of itself. Its age is the document's, by Firestore's clock, not a field. */
export const heartbeatSchema = z.object({
  id: z.string(),
  kind: targetSchema,
  state: z.enum(workerStates),
  slots: z.int().min(0),
  busy: z.int().min(0),
  /** The machine's processors: shares 0..1 over the time since the last heartbeat. */
  cpu: z.object({ load: z.number().min(0), perCore: z.array(z.number().min(0)) }),
  /** The machine's memory in bytes. */
  memory: z.object({ totalBytes: z.number(), usedBytes: z.number() }),
  /** The worker's own process tree: `cpu` in cores (1.0 is one core busy), memory resident in bytes. */
  process: z.object({ cpu: z.number().min(0), rssBytes: z.number().min(0), count: z.int().min(0) }),
  perOperation: z.record(z.string(), operationStatsSchema),
  models: z.array(z.string()),
  startedAt: instant,
  version: z.string(),
  expiresAt: instant,
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** A heartbeat as its reader saw it. */
export interface Worker extends Heartbeat {
  /** Milliseconds since the heartbeat was written, by the database's clock. */
  ageMs: number;
}

/** `controls/{workerId}`: what the admin wants of a worker. Heartbeats never overwrite it. */
export const controlSchema = z.object({ drain: z.boolean().default(false) });
export type Control = z.infer<typeof controlSchema>;
