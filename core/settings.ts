import { z } from 'zod';
import { operationNameForm } from './operations/operation.ts';
import { prices } from './prices.ts';
import { storableText } from './text.ts';

/** Milliseconds of a month. Deadlines must be dates that a database can hold. */
const month = 31 * 24 * 3_600_000;
/** A duration above zero. */
const positiveDuration = z.number().positive().max(month);
const duration = z.number().min(0).max(month);
const dollars = z.number().min(0).max(1e6);
const share = z.number().min(0.001).max(1_000);
/** Characters of the reason for a pause of Cloud Run. */
export const longestPauseReason = 200;
/** Firestore reserves names like `__this__`. */
const ownerName = storableText()
  .min(1)
  .max(200)
  .regex(/^(?!__.*__$)/s, 'Firestore keeps names with two underscores at both ends for itself.');

/**
 * The document `settings/routing`. Every field has a default, so an empty document is valid. An unknown field is
 * ignored, because a newer version may have written it. Durations are in milliseconds.
 */
export const routingSettingsSchema = z.object({
  policy: z.enum(['deadline', 'threshold']).default('deadline'),
  /**
   * Objectives of interactive jobs that differ from the operation's own. Unknown operations are allowed: a plug-in
   * that was removed must not make all settings invalid.
   */
  objectivesMs: z.record(operationNameForm, positiveDuration).default({}),
  /** A target is in time if the expected finish plus this many standard deviations fits into the time that is left. */
  confidence: z.number().min(0).max(5).default(1.65),
  /** Work that nobody waits for on the page: large batches, and uploads that a source rule calls bulk. */
  bulk: z
    .object({
      objectiveMs: positiveDuration.default(600_000),
      /** A batch with more files than this is bulk. */
      batchOver: z.int().min(1).max(1_000_000).default(20),
    })
    .prefault({}),
  /** Weights of owners that share the VMs. An owner with 2 gets twice the share of one with 1. */
  shares: z
    .object({
      default: share.default(1),
      owners: z.record(ownerName, share).default({}),
    })
    .prefault({}),
  vm: z
    .object({
      /** Assumed time from publishing until a free VM starts, before it is learned. */
      pullMs: duration.default(100),
      /** A VM with an older heartbeat is not in the fleet. Three beats of two seconds, and a margin. */
      liveWithinMs: positiveDuration.default(6_500),
      /** The same while the heartbeats of all VMs are late together: then the database is slow, and no VM is gone. */
      doubtWithinMs: positiveDuration.default(15_000),
    })
    .prefault({}),
  run: z
    .object({
      enabled: z.boolean().default(true),
      /** Assumed time from publishing until a warm instance starts, before it is learned. */
      pushMs: duration.default(250),
      /** Assumed before it is learned. */
      coldStartMs: duration.default(3_000),
      maxInstances: z.int().min(0).max(100_000).default(20),
      /** Requests at a time to an instance: jobs that it has in its hands. */
      concurrency: z.int().min(1).max(1_000).default(1),
      /**
       * Operations at a time in an instance. The other requests are fetched and stored beside them. Null: as many as
       * requests.
       */
      slots: z.int().min(1).max(1_000).nullable().default(null),
      /**
       * Names of the models in its image or mounted folder. A job that names another one waits for the VMs, because
       * Cloud Run fetches none.
       */
      models: z.array(storableText().min(1).max(100)).max(100).default([]),
      vcpus: z.number().positive().max(1_000).default(2),
      memoryGib: z.number().positive().max(100_000).default(4),
      /** Cloud Run ends an instance that has been idle for at most this long. */
      warmWithinMs: positiveDuration.default(300_000),
      /** An admin's pause, with its reason. It ends by itself where it has an end; null while there is none. */
      pause: z
        .object({
          why: storableText(longestPauseReason).trim().min(1).max(longestPauseReason),
          /** ISO 8601; null: until somebody ends it. */
          until: z.iso.datetime().nullable().default(null),
        })
        .nullable()
        .default(null),
      /** Storm breaker: above this, new work waits for the VMs. Null: no limit. US dollars in any one hour. */
      mostDollarsPerHour: dollars.nullable().default(null),
    })
    .refine(({ slots, concurrency }) => slots === null || slots <= concurrency, {
      message:
        'An instance would work on more jobs at a time (run.slots) than it gets requests (run.concurrency).',
      path: ['slots'],
    })
    .prefault({}),
  /** For the baseline policy: Cloud Run is chosen if the least loaded VM's processors are busier than this share. */
  threshold: z.object({ cpu: z.number().min(0).max(1).default(0.7) }).prefault({}),
  /** The forecast of arrivals and what it changes. Off: docs/routing.md tells what it is worth. */
  forecast: z
    .object({
      /** Whether it sets the minimum instances of Cloud Run. If not, they stay as they are deployed. */
      prewarming: z.boolean().default(false),
      minInstances: z
        .object({
          least: z.int().min(0).max(1_000).default(0),
          most: z.int().min(0).max(1_000).default(5),
        })
        .refine(({ least, most }) => least <= most, {
          message: 'The least minimum instances are more than the most.',
          path: ['most'],
        })
        .prefault({}),
      /** Whether the wanted size of the pool of VMs follows what is to arrive, and not what has arrived. */
      vmPool: z.boolean().default(false),
    })
    .prefault({}),
  /** US dollars. Default: the price list. */
  prices: z
    .object({
      perVcpuSecond: dollars.default(prices.run.perVcpuSecond),
      perGibSecond: dollars.default(prices.run.perGibSecond),
      perRequest: dollars.default(prices.run.perRequest),
    })
    .prefault({}),
});
export type RoutingSettings = z.infer<typeof routingSettingsSchema>;

/** Operations that an instance of Cloud Run runs at a time. */
export function slotsOfInstance({ run }: RoutingSettings): number {
  return run.slots ?? run.concurrency;
}

/** The admin's pause of Cloud Run that is in force now; null where there is none, or it has ended. */
export function pauseByHand({ run: { pause } }: RoutingSettings, now: Date): RoutingSettings['run']['pause'] {
  return pause && (pause.until === null || Date.parse(pause.until) > now.getTime()) ? pause : null;
}

/**
 * Requests for each slot of an instance beyond which the last of them waits there for longer than Cloud Run lets a request
 * take. An operation may take half as long as a request.
 */
const mostRequestsForSlot = 8;

/** A setting that another one contradicts. */
export interface Contradiction {
  /** Of the setting that is to be changed. */
  path: string;
  message: string;
}

/**
 * What would not be done as these settings say. Nobody can save them; settings that were saved by an earlier version are in
 * force all the same, with the sense that is said here. What an earlier version could not have saved is refused by the schema.
 */
export function contradictionsIn({ forecast, run, vm }: RoutingSettings): Contradiction[] {
  const found: Contradiction[] = [];
  const { most } = forecast.minInstances;
  // No more instances than that are kept.
  if (forecast.prewarming && most > run.maxInstances) {
    const message = `At most ${run.maxInstances}, the most instances of Cloud Run.`;
    found.push({ path: 'forecast.minInstances.most', message });
  }
  // The longer of both holds.
  if (vm.doubtWithinMs < vm.liveWithinMs) {
    const message = `At least ${vm.liveWithinMs} ms, for which a VM counts as live in any case (vm.liveWithinMs).`;
    found.push({ path: 'vm.doubtWithinMs', message });
  }
  if (run.slots !== null && run.concurrency > mostRequestsForSlot * run.slots) {
    const message = `At most ${mostRequestsForSlot * run.slots}, ${mostRequestsForSlot} for each operation at a time (run.slots): others would wait in an instance for longer than a request may take.`;
    found.push({ path: 'run.concurrency', message });
  }
  return found;
}

export const defaultRoutingSettings: RoutingSettings = routingSettingsSchema.parse({});

/** Who changed `settings/routing` last, and when. It is in the same document. */
export const settingsChangeSchema = z.object({ updatedBy: z.string(), updatedAt: z.coerce.date() });
export type SettingsChange = z.infer<typeof settingsChangeSchema>;
