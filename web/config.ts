import { baseConfigSchema, parseConfig } from '@spillway/pipeline/config.ts';
import { z } from 'zod';

/** Browsers send pictures there. It is the only other origin that pages may talk to. */
const cloudStorage = 'https://storage.googleapis.com';

const webConfigSchema = baseConfigSchema.extend({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4_321),
  /** The interface to listen on. Cloud Run reaches a program on all of them only. */
  SPILLWAY_HOST: z.string().min(1).optional(),
  /** Signs the cookies. A new secret ends all sessions, and visitors no longer see their jobs. */
  SPILLWAY_SESSION_SECRET: z.string().min(32),
  SPILLWAY_ADMIN_TOKEN: z.string().min(16),
  /**
   * `at_once`: the site does not start while a bucket keeps deleted objects, as new ones do for 7 days. `as_bucket`: it
   * says how long they are kept.
   */
  SPILLWAY_DELETION: z.enum(['as_bucket', 'at_once']).default('as_bucket'),
  /** Address of the site as browsers know it, where it is behind a proxy. */
  SPILLWAY_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /**
   * Number of proxies in front of the site. Each appends the address of its caller to X-Forwarded-For, from which the
   * visitor's address is read.
   */
  SPILLWAY_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).optional(),
  /** Set by Cloud Run, whose front end is a proxy. @see https://cloud.google.com/run/docs/container-contract */
  K_SERVICE: z.string().optional(),
  SPILLWAY_STORAGE_ORIGIN: z.url({ protocol: /^https?$/ }).optional(),
  /** Google's name for the address of another storage server than the cloud's. */
  STORAGE_EMULATOR_HOST: z.string().optional(),
});

export interface WebConfig extends z.infer<typeof webConfigSchema> {
  host: string;
  publicOrigin: string | null;
  trustedProxies: number;
  storageOrigin: string;
}

/** Reads the web server's environment. Throws one message that names each variable that is wrong. */
export function readWebConfig(environment: Record<string, string | undefined> = process.env): WebConfig {
  const config = parseConfig(webConfigSchema, environment);
  const { SPILLWAY_PUBLIC_URL, SPILLWAY_STORAGE_ORIGIN, STORAGE_EMULATOR_HOST } = config;
  const { SPILLWAY_HOST, SPILLWAY_TRUSTED_PROXIES, K_SERVICE } = config;
  return {
    ...config,
    host: SPILLWAY_HOST ?? (K_SERVICE ? '0.0.0.0' : '127.0.0.1'),
    publicOrigin: SPILLWAY_PUBLIC_URL ? new URL(SPILLWAY_PUBLIC_URL).origin : null,
    trustedProxies: SPILLWAY_TRUSTED_PROXIES ?? (K_SERVICE ? 1 : 0),
    storageOrigin: new URL(SPILLWAY_STORAGE_ORIGIN ?? emulatorUrl(STORAGE_EMULATOR_HOST) ?? cloudStorage)
      .origin,
  };
}

/** The client libraries accept the address with or without a scheme. */
function emulatorUrl(host: string | undefined): string | undefined {
  if (!host) return undefined;
  return /^https?:\/\//.test(host) ? host : `http://${host}`;
}
