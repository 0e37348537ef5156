import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import type { Buckets } from './ports/ports.ts';
import { isSafeAddress } from './safe-address.ts';
import { metricsConfigShape, metricsDestination } from './telemetry/metrics-config.ts';
import { otlpConfigShape } from './telemetry/otlp-config.ts';
import { tracesConfigShape, tracesDestination } from './telemetry/traces-config.ts';

/**
 * The part of the environment that every program has. Google's client libraries read `FIRESTORE_EMULATOR_HOST`
 * and `PUBSUB_EMULATOR_HOST` by themselves.
 */
export const baseConfigSchema = z.object({
  /** What keeps documents and messages: Google's Firestore and Pub/Sub, or a file on this machine. */
  SPILLWAY_ENGINE: z.enum(['google', 'embedded']).default('google'),
  /** The file of the engine `embedded`. */
  SPILLWAY_DATABASE: z.string().min(1).optional(),
  /** Where Cloud Storage's API is answered in its place: `http://127.0.0.1:9199`. Google's client reads it, too. */
  STORAGE_EMULATOR_HOST: z.string().optional(),
  SPILLWAY_PROJECT: z.string().min(1),
  /** The bucket of integrators. */
  SPILLWAY_UPLOADS_BUCKET: z.string().min(3),
  /** The bucket of what visitors upload through the site. Nobody but the site's account may write there. */
  SPILLWAY_WEB_UPLOADS_BUCKET: z.string().min(3),
  SPILLWAY_RESULTS_BUCKET: z.string().min(3),
  ...metricsConfigShape,
  /**
   * The worker's service of Cloud Run, as `projects/…/locations/…/services/…`. A program that sweeps prewarms it, and the
   * dashboard shows it. Without it neither does.
   */
  SPILLWAY_RUN_SERVICE: z
    .string()
    .regex(
      /^projects\/[^/]+\/locations\/[^/]+\/services\/[^/]+$/,
      'must be like projects/my-project/locations/us-central1/services/spillway-worker',
    )
    .optional(),
  /**
   * The address of a Cloud Run worker that serves pictures (`SPILLWAY_SERVES`): what is to be done there is sent by the
   * program `spill`. `none`: there is no Cloud Run. Where it is not set, Cloud Run gets its jobs from the queue.
   */
  SPILLWAY_RUN_URL: z
    .string()
    .refine(
      (text) => text === 'none' || isSafeAddress(text),
      'is `none`, or an address that begins with https://',
    )
    .transform((text) => (text === 'none' ? text : new URL(text).origin))
    .optional(),
  /** Host and port of a stand-in for Cloud Run's Admin API, without TLS. */
  CLOUD_RUN_EMULATOR_HOST: z.string().min(1).optional(),
  ...tracesConfigShape,
  ...otlpConfigShape,
  /** What heartbeats and traces call this version. */
  SPILLWAY_VERSION: z.string().default('0.1.0'),
  /** Plug-ins: folders and npm packages, separated by commas. */
  SPILLWAY_OPERATIONS: z.string().default(''),
});
export type BaseConfig = z.infer<typeof baseConfigSchema>;

/**
 * Parses an environment. Throws one `ConfigError` that names each variable that is wrong.
 * @example const config = parseConfig(baseConfigSchema.extend({ PORT: z.coerce.number() }), process.env);
 */
export function parseConfig<Schema extends typeof baseConfigSchema>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.infer<Schema> {
  const config = parseEnvironment(schema, environment);
  databaseOf(config);
  bucketsOf(config);
  tracesDestination(config);
  metricsDestination(config);
  return config;
}

/** The same for a program that needs nothing of what all others have. */
export function parseEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.infer<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`The environment is not complete.\n${z.prettifyError(parsed.error)}`);
}

/** The address of the storage server that answers in the place of Cloud Storage; null where none does. */
export function storageServerOf({ STORAGE_EMULATOR_HOST: host }: BaseConfig): string | null {
  if (!host) return null;
  return host.includes('://') ? host : `http://${host}`;
}

/**
 * The file of the embedded engine; null with Google's services. Throws where only one of engine and file is named.
 */
export function databaseOf(config: BaseConfig): string | null {
  const { SPILLWAY_ENGINE: engine, SPILLWAY_DATABASE: file } = config;
  switch (engine) {
    case 'google':
      if (file === undefined) return null;
      throw new ConfigError(
        'SPILLWAY_DATABASE is of the engine "embedded": set SPILLWAY_ENGINE=embedded, or remove it.',
      );
    case 'embedded':
      if (file !== undefined) return file;
      throw new ConfigError(
        'The engine "embedded" keeps everything in a file: name it in SPILLWAY_DATABASE.',
      );
    default:
      return engine satisfies never;
  }
}

const bucketVariables = [
  'SPILLWAY_UPLOADS_BUCKET',
  'SPILLWAY_WEB_UPLOADS_BUCKET',
  'SPILLWAY_RESULTS_BUCKET',
] as const;
type BucketNames = Partial<Record<(typeof bucketVariables)[number], string | undefined>>;

/**
 * Says which variables name one bucket for two purposes; null where all of them differ. Results among uploads would be
 * worked on as uploads, and integrators among the site's uploads could name any owner.
 */
export function sharedBucket(names: BucketNames): string | null {
  for (const [index, variable] of bucketVariables.entries()) {
    const other = bucketVariables.slice(index + 1).find((name) => names[name] === names[variable]);
    if (other === undefined || names[variable] === undefined) continue;
    return `${variable} and ${other} are both "${names[variable]}": give uploads, the site's uploads and results a bucket of their own each.`;
  }
  return null;
}

/** The three buckets. Throws where two of them are one. */
export function bucketsOf(config: BaseConfig): Buckets {
  const shared = sharedBucket(config);
  if (shared !== null) throw new ConfigError(shared);
  return {
    uploads: config.SPILLWAY_UPLOADS_BUCKET,
    webUploads: config.SPILLWAY_WEB_UPLOADS_BUCKET,
    results: config.SPILLWAY_RESULTS_BUCKET,
  };
}
