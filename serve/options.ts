import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { z } from 'zod';

/** What a person may choose. */
export interface ServeOptions {
  /** As it was written. */
  data: string;
  host: string;
  port: number;
  /** Jobs at a time. */
  slots: number;
  /** Absolute path; null: in the data folder. */
  models: string | null;
  /** The origin under which browsers know the site, where a proxy is in front of it. */
  publicUrl: string | null;
  /** Proxies in front of the site, which tell it of visitors' addresses. */
  proxies: number;
  /** Where clients of Cloud Storage reach the buckets; a null port is any free one, which is for the parts alone. */
  storage: { host: string; port: number | null };
  /** The age in days at which pictures are deleted; null for never. */
  keptDays: { uploads: number | null; results: number | null };
  /** Uploads are refused where less than this is free, or more than this is kept; null for the storage server's default. GiB. */
  disk: { minFree: number | null; maxStored: number | null };
  /** What the parts write goes into files of the data folder, or to the output of this process. */
  logs: 'files' | 'output';
}

/** A value of a flag, or of the variable that stands in for it. */
export type Given = Partial<Record<FlagName, unknown>>;

const port = z.coerce
  .number('is no number')
  .int('is no whole number')
  .min(1, 'is below 1')
  .max(65_535, 'is above 65535');
const count = (least: number, most: number) =>
  z.coerce
    .number('is no number')
    .int('is no whole number')
    .min(least, `is below ${least}`)
    .max(most, `is above ${most}`);
const gibibytes = z.coerce.number('is no number').positive('is not above 0').max(1e6, 'is above 1000000');
const text = z.coerce.string().min(1, 'is empty');

/** Each flag, the variable that stands in for it, and what it takes. */
const flags = {
  data: { variable: 'SPILLWAY_DATA', schema: text },
  host: { variable: 'SPILLWAY_HOST', schema: text },
  port: { variable: 'PORT', schema: port },
  slots: { variable: 'SPILLWAY_SLOTS', schema: count(1, 1_000) },
  models: { variable: 'SPILLWAY_MODELS_DIR', schema: text },
  publicUrl: { variable: 'SPILLWAY_PUBLIC_URL', schema: text },
  proxies: { variable: 'SPILLWAY_TRUSTED_PROXIES', schema: count(0, 10) },
  storagePort: { variable: 'SPILLWAY_STORAGE_PORT', schema: port },
  storageHost: { variable: 'SPILLWAY_STORAGE_HOST', schema: text },
  // The search for lost uploads looks back a day, and further where it was away: it must find them.
  uploadsKeptDays: { variable: 'SPILLWAY_UPLOADS_KEPT_DAYS', schema: count(3, 36_500) },
  resultsKeptDays: { variable: 'SPILLWAY_RESULTS_KEPT_DAYS', schema: count(1, 36_500) },
  minFree: { variable: 'SPILLWAY_MIN_FREE_GIB', schema: gibibytes },
  maxStored: { variable: 'SPILLWAY_MAX_STORED_GIB', schema: gibibytes },
  logs: { variable: 'SPILLWAY_LOGS', schema: z.enum(['files', 'output'], 'is neither files nor output') },
} as const;
type FlagName = keyof typeof flags;

/** Where data is kept unless somebody says otherwise. */
export const defaultData = 'spillway-data';
const defaults = { host: '127.0.0.1', port: 4_321 } as const;

/**
 * Reads flags, and variables where a flag is not there.
 * @throws StartError that names the flag or variable whose value cannot be used.
 */
export function readServeOptions(
  given: Given,
  environment: Record<string, string | undefined>,
): ServeOptions {
  const read = <Name extends FlagName>(name: Name) => givenValue(name, given[name], environment);
  const publicUrl = read('publicUrl');
  const models = read('models');
  return {
    data: read('data') ?? defaultData,
    host: read('host') ?? defaults.host,
    port: read('port') ?? defaults.port,
    slots: read('slots') ?? availableParallelism(),
    models: models === null ? null : resolve(models),
    publicUrl: publicUrl === null ? null : originOf(publicUrl),
    proxies: read('proxies') ?? (publicUrl === null ? 0 : 1),
    storage: { host: read('storageHost') ?? defaults.host, port: read('storagePort') },
    keptDays: { uploads: read('uploadsKeptDays'), results: read('resultsKeptDays') },
    disk: { minFree: read('minFree'), maxStored: read('maxStored') },
    logs: read('logs') ?? 'files',
  };
}

function givenValue<Name extends FlagName>(
  name: Name,
  flag: unknown,
  environment: Record<string, string | undefined>,
): z.infer<(typeof flags)[Name]['schema']> | null {
  const { variable, schema } = flags[name];
  const [source, value] = flag === undefined ? [variable, environment[variable]] : [flagOf(name), flag];
  if (value === undefined || (flag === undefined && value === '')) return null;
  // A flag that is repeated is a list, and one without a value is true.
  if (Array.isArray(value)) throw new StartError(`${source} may be given once.`);
  const parsed = schema.safeParse(value === true ? '' : value);
  if (parsed.success) return parsed.data as z.infer<(typeof flags)[Name]['schema']>;
  const shown =
    value === true ? 'has no value' : `${JSON.stringify(value)} ${parsed.error.issues[0]?.message}`;
  throw new StartError(value === true ? `${source} ${shown}.` : `${source}: ${shown}.`);
}

function flagOf(name: FlagName): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function originOf(address: string): string {
  const url = URL.parse(address);
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === '';
  if (isPlain) return url.origin;
  throw new StartError(
    `--public-url: ${JSON.stringify(address)} is not like https://pictures.example.org: the site needs an origin of its own, without a path.`,
  );
}
