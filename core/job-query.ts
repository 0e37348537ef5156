import { z } from 'zod';
import { failureCodeList } from './errors.ts';
import { jobClasses, jobStates, routeReasons } from './job.ts';
import type { JobFilter } from './job-filter.ts';
import { nameSearchText, readNameSearch, shortestPrefix, tookEdges } from './job-search.ts';
import { storableText } from './text.ts';

/** Stretches of time that end now, in milliseconds. */
export const recentMs = {
  '15m': 900_000,
  '3h': 10_800_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
} as const;
const recentNames = Object.keys(recentMs) as [keyof typeof recentMs, ...(keyof typeof recentMs)[]];

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `Use one of ${values.join(', ')}.` });
}

/** Edges of durations in an address, in seconds. The first one, 0, leaves nothing out. */
export const tookSeconds = tookEdges.slice(1).map((ms) => ms / 1_000);
const seconds = z.coerce
  .number()
  .refine((value) => tookSeconds.includes(value), { error: `Use one of ${tookSeconds.join(', ')} seconds.` });

/** Firestore's last time. */
const time = z.iso
  .datetime({ offset: true, error: 'Use a date with its time zone, such as 2026-01-31T12:00:00Z.' })
  .transform((text) => new Date(text))
  .refine((date) => date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999, {
    error: 'There is no such year.',
  });

const name = z
  .string()
  .max(200)
  .refine((text) => readNameSearch(text) !== null, {
    error: `Name a word of the file's name, or its beginning with * behind it, of at least ${shortestPrefix} characters.`,
  });

/** The filters of jobs as they are in an address, of the site and of the API. */
export const jobQuerySchema = z.object({
  state: oneOf(jobStates).optional(),
  operation: storableText().optional(),
  target: oneOf(['vm', 'run']).optional(),
  class: oneOf(jobClasses).optional(),
  reason: oneOf(routeReasons).optional(),
  error: oneOf(failureCodeList).optional(),
  worker: storableText().optional(),
  owner: storableText().optional(),
  source: storableText().optional(),
  upload: storableText().optional(),
  batch: storableText().optional(),
  name: name.optional(),
  /** Created at this time or later. */
  from: time.optional(),
  /** Created before this time. */
  to: time.optional(),
  /** Created in the time that ends now. It counts where `from` is missing. */
  within: oneOf(recentNames).optional(),
  /** Took at least that many seconds. */
  atLeast: seconds.optional(),
  /** Took fewer seconds. */
  below: seconds.optional(),
});
export type JobQuery = z.infer<typeof jobQuerySchema>;
/** The same as text, by the names of an address. */
export type JobQueryText = Partial<Record<keyof JobQuery, string>>;

/** Which jobs a query asks for at a time. */
export function filterOf(query: JobQuery, now: Date): JobFilter {
  const { error, name, from, within, atLeast, below, ...same } = query;
  const since = from ?? (within === undefined ? undefined : new Date(now.getTime() - recentMs[within]));
  const search = name === undefined ? null : readNameSearch(name);
  const filter: { [Key in keyof JobFilter]: JobFilter[Key] | undefined } = {
    ...same,
    errorCode: error,
    name: search ?? undefined,
    from: since,
    atLeastMs: atLeast === undefined ? undefined : atLeast * 1_000,
    belowMs: below === undefined ? undefined : below * 1_000,
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

/** The query that asks for the same jobs at any time. */
export function queryTextOf(filter: JobFilter): JobQueryText {
  const { errorCode, name, from, to, atLeastMs, belowMs, ...same } = filter;
  const text: { [Key in keyof JobQueryText]: string | undefined } = {
    ...same,
    error: errorCode,
    name: name && nameSearchText(name),
    from: from?.toISOString(),
    to: to?.toISOString(),
    atLeast: atLeastMs === undefined ? undefined : String(atLeastMs / 1_000),
    below: belowMs === undefined ? undefined : String(belowMs / 1_000),
  };
  return Object.fromEntries(Object.entries(text).filter(([, value]) => value !== undefined));
}

/** The filter in words, as an address has it: `state=failed, operation=caption`. */
export function filterWords(filter: JobFilter): string {
  const parts = Object.entries(queryTextOf(filter)).map(([key, value]) => `${key}=${value}`);
  return parts.length === 0 ? 'all jobs' : parts.join(', ');
}
