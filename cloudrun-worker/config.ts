import { callerConfigShape } from '@spillway/pipeline/callers/config.ts';
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

/** The environment of a Cloud Run worker that serves jobs. `SPILLWAY_SLOTS` is the service's concurrency. */
export const runConfigSchema = workerConfigSchema.extend(serviceConfigShape);

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
