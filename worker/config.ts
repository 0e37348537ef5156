import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDocumentId } from '@spillway/core/text.ts';
import { modelsEnvironmentSchema } from '@spillway/models/settings.ts';
import { baseConfigSchema } from '@spillway/pipeline/config.ts';
import { sandboxRules } from '@spillway/processing/sandbox.ts';
import { z } from 'zod';

/** What a program that works on pictures is told of that. Durations in milliseconds. */
export const processingConfigShape = {
  ...modelsEnvironmentSchema.shape,
  /** Operations at a time, each in a child process of its own. Other jobs are fetched and stored beside them. */
  SPILLWAY_SLOTS: z.coerce.number().int().min(1).default(availableParallelism()),
  SPILLWAY_WORK_DIR: z.string().default(join(tmpdir(), 'spillway')),
  /** Longest time for one operation on one picture. */
  SPILLWAY_TIME_LIMIT_MS: z.coerce.number().min(1_000).default(60_000),
  /** Resident memory at which a child is ended, in MiB. */
  SPILLWAY_MEMORY_LIMIT_MIB: z.coerce.number().min(128).default(1_536),
  /**
   * Jobs after which a child is replaced, whatever memory it has. A new one takes more than a second of processor time;
   * one whose memory has grown is replaced before.
   */
  SPILLWAY_RECYCLE_AFTER: z.coerce.number().int().min(1).default(5_000),
  /** Whether the children that decode pictures have to be kept from the network and from this process. */
  SPILLWAY_SANDBOX: z.enum(sandboxRules).default('where_possible'),
  /** For measuring routing: every operation only takes this long. Never set where pictures matter. Milliseconds. */
  SPILLWAY_SLEEP_MS: z.coerce.number().min(1).optional(),
} as const;

const processingConfigSchema = z.object(processingConfigShape);
export type ProcessingConfig = z.infer<typeof processingConfigSchema>;

/** What a worker is told of who it is. */
export const identityConfigShape = {
  /** Who this worker is, in place of what `identifyWorker` would find. Of one worker alone. */
  SPILLWAY_WORKER_ID: z
    .string()
    .regex(/^[\w.-]{1,100}$/)
    .refine(isDocumentId, 'is an id that Firestore keeps for itself')
    .refine((id) => id !== 'localhost', 'is the name of every machine')
    .optional(),
  /** Set by Cloud Run. https://cloud.google.com/run/docs/container-contract#services-env-vars */
  K_REVISION: z.string().min(1).optional(),
  /** Address of the metadata server, as Google's client libraries read it. Default: that of Google Cloud. */
  GCE_METADATA_HOST: z.string().min(1).optional(),
} as const;

/** What a program is told that claims jobs. Durations in milliseconds. */
export const claimConfigShape = {
  SPILLWAY_HEARTBEAT_MS: z.coerce.number().min(200).default(2_000),
  /** A claim that is not renewed for this long is free for others. */
  SPILLWAY_CLAIM_MS: z.coerce.number().min(1_000).default(9_000),
  /** Room for the sources and results of all jobs in a worker's hands, in MiB. Default: 1,024; 256 on Cloud Run. */
  SPILLWAY_IN_FLIGHT_MIB: z.coerce.number().min(1).optional(),
  SPILLWAY_MAX_ATTEMPTS: z.coerce.number().int().min(1).default(3),
} as const;

/** The environment of both kinds of worker. */
export const workerConfigSchema = baseConfigSchema.extend({
  ...processingConfigShape,
  ...identityConfigShape,
  ...claimConfigShape,
  /**
   * US dollars that an hour of work costs on a machine of one's own, such as its electricity, beyond an idle hour. Where it
   * is not set, the machine is paid for anyway.
   */
  SPILLWAY_VM_PRICE_PER_HOUR: z.coerce.number().min(0).max(1_000).optional(),
});
export type WorkerConfig = z.infer<typeof workerConfigSchema>;
