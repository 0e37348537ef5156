import { z } from 'zod';
import { operationNameSchema } from './operations.ts';

/**
 * The document `settings/routing`: every field has a default, so an empty document is valid.
 * Durations in milliseconds.
 */
export const routingSettingsSchema = z.object({
  policy: z.enum(['deadline', 'threshold']).default('deadline'),
  /** Objectives that differ from the operation's own. */
  objectivesMs: z.partialRecord(operationNameSchema, z.number().positive()).default({}),
  /** Factor on predicted wait and service: predictions are means, deadlines are not. */
  safety: z.number().min(1).default(1.2),
  vm: z
    .object({
      /** From publishing until a free VM starts. */
      pullMs: z.number().min(0).default(100),
      /** A VM is out of the fleet when its heartbeat is older: three beats of two seconds, and a little. */
      liveWithinMs: z.number().positive().default(6_500),
    })
    .prefault({}),
  run: z
    .object({
      enabled: z.boolean().default(true),
      /** From publishing until a warm instance starts. */
      pushMs: z.number().min(0).default(250),
      coldStartMs: z.number().min(0).default(3_000),
      maxInstances: z.int().min(0).default(10),
      concurrency: z.int().min(1).default(1),
      vcpus: z.number().positive().default(2),
      memoryGib: z.number().positive().default(4),
      /** An instance counts as warm while its last heartbeat is younger. */
      warmWithinMs: z.number().positive().default(60_000),
    })
    .prefault({}),
  /** The baseline policy: Cloud Run when the least loaded VM's processors are busier than this share. */
  threshold: z.object({ cpu: z.number().min(0).max(1).default(0.7) }).prefault({}),
});
export type RoutingSettings = z.infer<typeof routingSettingsSchema>;

export const defaultRoutingSettings: RoutingSettings = routingSettingsSchema.parse({});
