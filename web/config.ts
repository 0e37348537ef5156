import { baseConfigSchema, parseConfig, storageServerOf } from '@spillway/pipeline/config.ts';
import { ConfigError } from '@spillway/pipeline/config-error.ts';
import { tracesDestination } from '@spillway/pipeline/telemetry/traces-config.ts';
import { z } from 'zod';
import { type AdminAccess, comparable } from './api/admin-access.ts';
import { googleProxyKeys } from './api/proxy-keys.ts';
import type { LogSource } from './logs/log-source.ts';
import { sitePages } from './site-pages.ts';
import type { TraceSource } from './traces/trace-source.ts';

/** Browsers send pictures there. It is the only other origin that pages may talk to. */
const cloudStorage = 'https://storage.googleapis.com';

const webConfigSchema = baseConfigSchema.extend({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4_321),
  /** The interface to listen on. Cloud Run reaches a program on all of them only. */
  SPILLWAY_HOST: z.string().min(1).optional(),
  /** Signs the cookies. A new secret ends all sessions, and visitors no longer see their jobs. */
  SPILLWAY_SESSION_SECRET: z.string().min(32),
  /** What this service serves. @see ./site-pages.ts */
  SPILLWAY_SITE_PAGES: z.enum(sitePages).default('all'),
  /** Lets in admins where no proxy does. */
  SPILLWAY_ADMIN_TOKEN: z.string().min(16).optional(),
  /**
   * The audience of the header that Identity-Aware Proxy signs, if the service is behind it. For a service of Cloud Run:
   * `/projects/NUMBER/locations/REGION/services/NAME`. Behind a load balancer:
   * `/projects/NUMBER/global/backendServices/ID`.
   * @see https://cloud.google.com/iap/docs/signed-headers-howto
   */
  SPILLWAY_IAP_AUDIENCE: z
    .string()
    .regex(/^\/projects\/\d+\/[\w/.-]+$/, 'must be like /projects/123/locations/us-central1/services/admin')
    .optional(),
  /** E-mail addresses of admins, separated by commas, or `*` for everybody that the proxy lets through. */
  SPILLWAY_ADMINS: z.string().default(''),
  /** Where the keys are with which the proxy's header is checked. */
  SPILLWAY_IAP_KEYS_URL: z.url({ protocol: /^https?$/ }).default(googleProxyKeys),
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
  /**
   * The address of a storage server that browsers do not reach: the site takes the bytes of their uploads itself, and
   * passes them on to it.
   */
  SPILLWAY_STORAGE_FORWARD: z.url({ protocol: /^http$/ }).optional(),
  /** The file in which a supervisor says how its parts are. The site's health tells of those that keep failing. */
  SPILLWAY_PARTS_FILE: z.string().min(1).optional(),
  /** The folder in which every program has a file of its log, `<program>.log`: pages of jobs show their lines. */
  SPILLWAY_LOGS_FOLDER: z.string().min(1).optional(),
});

export interface WebConfig extends z.infer<typeof webConfigSchema> {
  host: string;
  adminAccess: AdminAccess;
  publicOrigin: string | null;
  trustedProxies: number;
  /** Null where pages send their uploads to the site. */
  storageOrigin: string | null;
  traces: TraceSource;
  logs: LogSource;
}

/** Reads the web server's environment. Throws one message that names each variable that is wrong. */
export function readWebConfig(environment: Record<string, string | undefined> = process.env): WebConfig {
  const config = parseConfig(webConfigSchema, environment);
  const { SPILLWAY_PUBLIC_URL, SPILLWAY_STORAGE_ORIGIN, SPILLWAY_STORAGE_FORWARD } = config;
  const { SPILLWAY_HOST, SPILLWAY_TRUSTED_PROXIES, K_SERVICE } = config;
  return {
    ...config,
    adminAccess: adminAccessOf(config),
    host: SPILLWAY_HOST ?? (K_SERVICE ? '0.0.0.0' : '127.0.0.1'),
    publicOrigin: SPILLWAY_PUBLIC_URL ? new URL(SPILLWAY_PUBLIC_URL).origin : null,
    trustedProxies: SPILLWAY_TRUSTED_PROXIES ?? (K_SERVICE ? 1 : 0),
    storageOrigin: SPILLWAY_STORAGE_FORWARD
      ? null
      : new URL(SPILLWAY_STORAGE_ORIGIN ?? storageServerOf(config) ?? cloudStorage).origin,
    traces: traceSourceOf(config),
    logs: logSourceOf(config),
  };
}

/** On Cloud Run, logs are in Cloud Logging. */
function logSourceOf(config: z.infer<typeof webConfigSchema>): LogSource {
  const { SPILLWAY_LOGS_FOLDER: folder, K_SERVICE, SPILLWAY_PROJECT: project } = config;
  if (folder !== undefined) return { kind: 'file', folder };
  return K_SERVICE === undefined ? { kind: 'unknown' } : { kind: 'cloud', project };
}

function traceSourceOf(config: z.infer<typeof webConfigSchema>): TraceSource {
  const destination = tracesDestination(config);
  return destination.kind === 'cloud' ? { kind: 'cloud', project: config.SPILLWAY_PROJECT } : destination;
}

/** Throws one message that names what is missing, or what contradicts itself. */
function adminAccessOf(config: z.infer<typeof webConfigSchema>): AdminAccess {
  if (config.SPILLWAY_SITE_PAGES === 'visitors') return { kind: 'closed' };
  const audience = config.SPILLWAY_IAP_AUDIENCE;
  const people = config.SPILLWAY_ADMINS.split(',')
    .map((each) => comparable(each.trim()))
    .filter((each) => each !== '');
  if (audience === undefined) {
    if (people.length > 0) {
      throw new ConfigError(
        'SPILLWAY_ADMINS names people, and only Identity-Aware Proxy can tell people apart. Set SPILLWAY_IAP_AUDIENCE too, or leave SPILLWAY_ADMINS out.',
      );
    }
    if (config.SPILLWAY_ADMIN_TOKEN === undefined) {
      throw new ConfigError(
        'Nothing says who is an admin. Set SPILLWAY_IAP_AUDIENCE and SPILLWAY_ADMINS behind Identity-Aware Proxy, or SPILLWAY_ADMIN_TOKEN where there is no proxy.',
      );
    }
    return { kind: 'token', token: config.SPILLWAY_ADMIN_TOKEN };
  }
  if (people.length === 0) {
    throw new ConfigError(
      'SPILLWAY_ADMINS names nobody. List e-mail addresses, or write * if everybody that Identity-Aware Proxy lets through is an admin.',
    );
  }
  const wrong = people.filter((each) => each !== '*' && !/^[^\s@]+@[^\s@]+$/.test(each));
  if (wrong.length > 0 || (people.includes('*') && people.length > 1)) {
    throw new ConfigError(
      `SPILLWAY_ADMINS takes e-mail addresses or * alone, and not ${wrong[0] ?? 'both'}. A group belongs on the access list of Identity-Aware Proxy, with * here.`,
    );
  }
  return {
    kind: 'proxy',
    audience,
    people: people[0] === '*' ? 'all' : new Set(people),
    keysUrl: config.SPILLWAY_IAP_KEYS_URL,
  };
}
