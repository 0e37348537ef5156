import { callerConfigShape } from '@spillway/pipeline/callers/config.ts';
import { ConfigError } from '@spillway/pipeline/config-error.ts';
import { identityConfigShape, processingConfigShape, workerConfigSchema } from '@spillway/worker/config.ts';
import { z } from 'zod';

/**
 * `jobs`: Pub/Sub pushes jobs, and the instance works on database and buckets. `pictures`: whoever may call sends pictures
 * and gets results back, and the instance needs nothing else of the cloud.
 */
const serves = z.enum(['jobs', 'pictures']).default('jobs');
export const servesSchema = z.object({ SPILLWAY_SERVES: serves });

/** What a service of Cloud Run is told, whatever it serves. */
const serviceConfigShape = {
  ...callerConfigShape,
  SPILLWAY_SERVES: serves,
  /**
   * Requests at a time: the service's own concurrency. Those that have no slot are fetched and stored beside the others.
   * Default: one for each slot.
   */
  SPILLWAY_CONCURRENCY: z.coerce.number().int().min(1).optional(),
  PORT: z.coerce.number().int().min(0).default(8080),
  /** Where it listens. Cloud Run's front reaches a container from outside of it. */
  SPILLWAY_HOST: z.string().min(1).default('0.0.0.0'),
  /**
   * The file system of an instance is memory, and the sender of a picture may name any model: they come with the image
   * or from a mounted folder (`SPILLWAY_MODELS_DIR`), and are never fetched.
   */
  SPILLWAY_MODELS_SOURCE: z.literal('none').default('none'),
  /** Cloud Run sends SIGTERM 10 s before the end. Milliseconds. */
  SPILLWAY_DRAIN_MS: z.coerce.number().min(0).default(7_000),
} as const;

/** The environment of a Cloud Run worker that serves jobs. */
export const runConfigSchema = workerConfigSchema.extend(serviceConfigShape);

/** Requests at a time to an instance. Throws where its slots would never all be busy. */
export function concurrencyOf({
  SPILLWAY_SLOTS: slots,
  SPILLWAY_CONCURRENCY: concurrency = slots,
}: {
  SPILLWAY_SLOTS: number;
  SPILLWAY_CONCURRENCY?: number | undefined;
}): number {
  if (concurrency >= slots) return concurrency;
  throw new ConfigError(
    `SPILLWAY_CONCURRENCY is ${concurrency}, and SPILLWAY_SLOTS is ${slots}: an instance would get fewer requests at a time than it can work on. Give it at least as many requests, or fewer slots.`,
  );
}

/** The environment of one that serves pictures: it knows no database, no bucket and no queue. */
export const picturesConfigSchema = z.object({
  ...processingConfigShape,
  ...identityConfigShape,
  ...serviceConfigShape,
  /** The project whose Cloud Trace has the traces that lines of the log belong to. */
  SPILLWAY_PROJECT: z.string().min(1).optional(),
  /** What answers call this version. */
  SPILLWAY_VERSION: z.string().default('0.1.0'),
  /** Plug-ins: folders and npm packages, separated by commas. */
  SPILLWAY_OPERATIONS: z.string().default(''),
});
