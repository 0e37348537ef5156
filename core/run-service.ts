import { z } from 'zod';

/** Something that Cloud Run says of a service or a revision, as "Ready: true". */
export const runConditionSchema = z.object({
  type: z.string(),
  state: z.enum(['succeeded', 'failed', 'under_way', 'unknown']),
  /** Cloud Run's own words; empty where it says nothing. */
  message: z.string(),
});
export type RunCondition = z.infer<typeof runConditionSchema>;

/** Limits of each instance; null where Cloud Run does not say. */
export const runLimitsSchema = z.object({
  vcpus: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  /** Requests at a time on one instance. */
  concurrency: z.int().nullable(),
  /** Milliseconds. */
  timeoutMs: z.number().nullable(),
});

export const runRevisionSchema = z.object({
  name: z.string(),
  createdAt: z.coerce.date().nullable(),
  /** Its share of the requests, in percent. */
  traffic: z.int().min(0).max(100),
  limits: runLimitsSchema,
  /** Of this revision alone; null where it has no maximum of its own. */
  maxInstances: z.int().nullable(),
  conditions: z.array(runConditionSchema),
});
export type RunRevision = z.infer<typeof runRevisionSchema>;

/** A service of Cloud Run as it is configured. */
export const runServiceDescriptionSchema = z.object({
  /** `projects/…/locations/…/services/…`. */
  name: z.string(),
  scaling: z.object({
    /** Instances of all revisions together that are kept started. */
    minInstances: z.int().min(0),
    /** Null where the service has no maximum of its own. */
    maxInstances: z.int().min(0).nullable(),
  }),
  /** Whether Cloud Run still carries out a change. */
  reconciling: z.boolean(),
  conditions: z.array(runConditionSchema),
  /** Those that have traffic, and the newest: the most traffic first, then the newest. */
  revisions: z.array(runRevisionSchema),
});
export type RunServiceDescription = z.infer<typeof runServiceDescriptionSchema>;
