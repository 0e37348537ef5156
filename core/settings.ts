import { z } from 'zod';
import { operationNameForm } from './operations/operation.ts';
import { prices } from './prices.ts';
import { storableText } from './text.ts';

/** Milliseconds of a month: deadlines have to be dates that a database takes. */
const month = 31 * 24 * 3_600_000;
/** A duration that cannot be nothing. */
const positiveDuration = z.number().positive().max(month);
const duration = z.number().min(0).max(month);
const dollars = z.number().min(0).max(1e6);
const share = z.number().min(0.001).max(1_000);
/** Firestore keeps names like `__this__` for itself. */
const ownerName = storableText()
  .min(1)
  .max(200)
  .regex(/^(?!__.*__$)/s, 'Firestore keeps names with two underscores at both ends for itself.');

/**
 * The document `settings/routing`: every field has a default, so an empty document is valid. A field that is not
 * known is left out: a newer version may have written it. Durations in milliseconds.
 */
export const routingSettingsSchema = z.object({
  policy: z.enum(['deadline', 'threshold']).default('deadline'),
  /**
   * Objectives of interactive jobs that differ from the operation's own. One of an operation that this program does not
   * have says nothing: a plug-in that is gone must not make all settings invalid.
   */
  objectivesMs: z.record(operationNameForm, positiveDuration).default({}),
  /** A side is in time when the expected finish and so many standard deviations fit into what is left. */
  confidence: z.number().min(0).max(5).default(1.65),
  /** Work that nobody waits for on the page: large batches, and what a source rule calls so. */
  bulk: z
    .object({
      objectiveMs: positiveDuration.default(600_000),
      /** A file of a batch with more files than this is bulk. */
      batchOver: z.int().min(1).max(1_000_000).default(20),
    })
    .prefault({}),
  /** Weights with which owners share the VMs while several wait: one with 2 gets twice the share of one with 1. */
  shares: z
    .object({
      default: share.default(1),
      owners: z.record(ownerName, share).default({}),
    })
    .prefault({}),
  vm: z
    .object({
      /** From publishing until a free VM starts, until it is learned. */
      pullMs: duration.default(100),
      /** A VM is out of the fleet when its heartbeat is older: three beats of two seconds, and a little. */
      liveWithinMs: positiveDuration.default(6_500),
    })
    .prefault({}),
  run: z
    .object({
      enabled: z.boolean().default(true),
      /** From publishing until a warm instance starts, until it is learned. */
      pushMs: duration.default(250),
      /** Until it is learned. */
      coldStartMs: duration.default(3_000),
      maxInstances: z.int().min(0).max(100_000).default(20),
      concurrency: z.int().min(1).max(1_000).default(1),
      /** Most pushes under way at a time, where Pub/Sub limits them below what the instances take. */
      maxInFlight: z.int().min(1).max(1_000_000).nullable().default(null),
      vcpus: z.number().positive().max(1_000).default(2),
      memoryGib: z.number().positive().max(100_000).default(4),
      /** Cloud Run ends an instance that has been idle for this long, at the latest. */
      warmWithinMs: positiveDuration.default(300_000),
      /** Storm breaker: above this, new work waits for the VMs. Null: no limit. US dollars in any one hour. */
      mostDollarsPerHour: dollars.nullable().default(null),
    })
    .prefault({}),
  /** The baseline policy: Cloud Run when the least loaded VM's processors are busier than this share. */
  threshold: z.object({ cpu: z.number().min(0).max(1).default(0.7) }).prefault({}),
  /** US dollars; the price list's where left out. */
  prices: z
    .object({
      perVcpuSecond: dollars.default(prices.run.perVcpuSecond),
      perGibSecond: dollars.default(prices.run.perGibSecond),
      perRequest: dollars.default(prices.run.perRequest),
    })
    .prefault({}),
});
export type RoutingSettings = z.infer<typeof routingSettingsSchema>;

export const defaultRoutingSettings: RoutingSettings = routingSettingsSchema.parse({});

/** Who changed `settings/routing` last, and when: kept beside the settings in their document. */
export const settingsChangeSchema = z.object({ updatedBy: z.string(), updatedAt: z.coerce.date() });
export type SettingsChange = z.infer<typeof settingsChangeSchema>;
