import {
  apiKeySchema,
  apiKeyScopeSchema,
  apiKeyScopes,
  keyNameSchema,
  keyOwnerSchema,
  longestValidDays,
} from '@spillway/core/api-keys.ts';
import { auditEntrySchema } from '@spillway/core/audit.ts';
import { failureCodeList } from '@spillway/core/errors.ts';
import { expectedArrivalsSchema, forecastDocumentSchema } from '@spillway/core/forecast/prewarming.ts';
import { controlSchema, heartbeatSchema } from '@spillway/core/heartbeat.ts';
import { historyEntrySchema, instant, jobStateSchema, targetSchema } from '@spillway/core/job.ts';
import { jobQuerySchema } from '@spillway/core/job-query.ts';
import { massActionKindSchema, massActionSchema, mostNamed } from '@spillway/core/mass-action.ts';
import { verdictSchema } from '@spillway/core/rollups/verdict.ts';
import { alertSchema } from '@spillway/core/routing/alerts.ts';
import { runBreakerSchema } from '@spillway/core/routing/breakers.ts';
import { runReachSchema } from '@spillway/core/run-reach.ts';
import { runServiceDescriptionSchema } from '@spillway/core/run-service.ts';
import { routingSettingsSchema, settingsChangeSchema } from '@spillway/core/settings.ts';
import { z } from 'zod';
import { eventSchemas, jobViewSchema } from './schema.ts';

/**
 * Bodies of what admins ask of the HTTP API, as `schema.ts` has those of visitors. Free of server code, so that a browser
 * can load it.
 */

/** The same with what happened to it, which lists leave out. */
export const jobDetailSchema = jobViewSchema.extend({
  history: z.array(historyEntrySchema),
  /** US dollars by what it took, as `predicted.dollars` are by what was expected; null where that is not known. */
  actualDollars: z.number().nullable(),
});
export type JobDetail = z.infer<typeof jobDetailSchema>;

/** How many jobs match. */
export const jobCountSchema = z.object({
  jobs: z.int(),
  /** `at_most`: an index tells of this many that may match, and for some only the document could say. */
  exact: z.enum(['exactly', 'more_than', 'at_most']),
});

export const stateCountsSchema = z.object({ byState: z.record(jobStateSchema, jobCountSchema) });

/** Why jobs failed, the most frequent cause first. */
export const causesSchema = z.object({
  causes: z.array(
    z.object({
      code: z.enum(failureCodeList),
      count: jobCountSchema,
      /** When the first job of this cause was created, whatever else the query asks for. */
      firstSeen: instant.nullable(),
      /** The newest that matches. */
      example: jobViewSchema.meta({ id: 'Job' }),
    }),
  ),
});

export const massActionRequestSchema = z.strictObject({
  kind: massActionKindSchema,
  which: z.discriminatedUnion('kind', [
    /** All jobs that match now. */
    z.strictObject({ kind: z.literal('matching'), query: jobQuerySchema.strict() }),
    z.strictObject({
      kind: z.literal('named'),
      ids: z
        .array(z.string().regex(/^\w{1,64}$/))
        .min(1)
        .max(mostNamed),
    }),
  ]),
});
export type MassActionRequest = z.infer<typeof massActionRequestSchema>;

/** `tab`: a random word of the page that asks, so that two do not go on with it at the same time. */
export const massActionTabSchema = z.strictObject({
  id: z.string().min(1).max(100),
  tab: z.string().regex(/^[\w-]{8,64}$/),
});

export const massPreviewSchema = z.object({
  jobs: z.int(),
  /** False where there may be more or fewer. */
  exact: z.boolean(),
});

export const massActionStandSchema = z.object({
  action: massActionSchema.omit({ which: true, place: true, tab: true }).nullable(),
  /** Whether another tab goes on with it. */
  elsewhere: z.boolean().default(false),
});
export type MassActionStand = z.infer<typeof massActionStandSchema>;

/** A message that was put aside. */
const deadLetterViewSchema = z.object({
  id: z.string(),
  problem: z.string(),
  at: instant.nullable(),
  /** What the message had, its beginning. */
  data: z.string(),
  about: z.enum(['job', 'upload', 'unknown']),
  /** Of an upload's event, as `gs://bucket/name#generation`. */
  object: z.string().nullable(),
  /** Null where it is gone or not readable. */
  job: jobViewSchema.meta({ id: 'Job' }).nullable(),
});
export type DeadLetterView = z.infer<typeof deadLetterViewSchema>;

export const deadLettersSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('read'), letters: z.array(deadLetterViewSchema) }),
  /** The service did not show them to the site; `why` says what to mend. */
  z.object({ kind: z.literal('not_shown'), why: z.string() }),
]);

export const replayedSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('waits'), jobIds: z.array(z.string()) }),
  z.object({ kind: z.literal('settled'), why: z.enum(['ended', 'gone']) }),
]);

export const workerViewSchema = heartbeatSchema.extend({
  /** Milliseconds since the heartbeat was written, by the server's clock when this was sent. */
  ageMs: z.number(),
  /** What is wanted of it; its state follows. */
  drain: controlSchema.shape.drain.unwrap(),
  /** Why its own breaker holds it back; null where it does not. */
  pause: controlSchema.shape.pause.unwrap(),
});
export type WorkerView = z.infer<typeof workerViewSchema>;

const open = z.object({ queued: z.number(), processing: z.number() });
/** The dashboard's head: what is wrong, open jobs by side, how the latest decisions were split, Cloud Run's bill. */
export const overviewSchema = z.object({
  open: z.record(targetSchema, open),
  /** Of the last 15 minutes, from the rollups. */
  recent: z.object({
    /** Jobs that ended. */
    jobs: z.number(),
    /** Decisions, by where they sent a job and why. */
    byTarget: z.record(targetSchema, z.number()),
    byReason: z.record(z.string(), z.number()),
    /** Ends by state. */
    byState: z.record(z.string(), z.number()),
    /** Milliseconds from upload to outcome of interactive jobs; null while none has ended. */
    p50Ms: z.number().nullable(),
    p95Ms: z.number().nullable(),
  }),
  policy: routingSettingsSchema.shape.policy.unwrap(),
  verdict: verdictSchema,
  /** The worst first, each with the time since when it has been noted; null where it is newer. */
  alerts: z.array(alertSchema.extend({ since: instant.nullable() })),
  run: z.object({
    enabled: z.boolean(),
    breaker: runBreakerSchema.pick({ state: true, since: true, until: true, trips: true, why: true }),
    /** An admin's pause that is in force; null where there is none. */
    pause: routingSettingsSchema.shape.run.unwrap().shape.pause.unwrap(),
    /** US dollars that decisions of the last hour gave to Cloud Run. */
    spentLastHour: z.number(),
    mostDollarsPerHour: z.number().nullable(),
  }),
  /** The last change of the routing settings: who shows them knows by it that they are old. */
  settingsChange: settingsChangeSchema.nullable(),
});
export type Overview = z.infer<typeof overviewSchema>;

/** Cloud Run as it is configured, and what is kept started there. */
export const cloudRunSchema = z.object({
  /** How jobs get there. */
  reach: runReachSchema,
  service: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('read'), description: runServiceDescriptionSchema }),
    /** The site is not told which service it is. */
    z.object({ kind: z.literal('not_named') }),
    /** Cloud Run did not show it to the site; `why` says what to mend. */
    z.object({ kind: z.literal('not_shown'), why: z.string() }),
  ]),
  prewarming: forecastDocumentSchema
    .pick({ set: true, reason: true, changedAt: true, changes: true, problem: true })
    .extend({
      on: z.boolean(),
      /** The admin's bounds of the minimum instances. */
      bounds: z.object({ least: z.int(), most: z.int() }),
      /** The minimum that is wanted now; null where prewarming is off or has not begun. */
      wanted: z.int().nullable(),
      /** Why that number is kept, in one sentence. */
      why: z.string(),
    }),
  forecast: forecastDocumentSchema.pick({ at: true }).extend({ expected: expectedArrivalsSchema.nullable() }),
});
export type CloudRunView = z.infer<typeof cloudRunSchema>;

export const settingsSchema = z.object({
  /** Those in force. */
  routing: routingSettingsSchema,
  /** Who changed them last, and when; null while nobody has. */
  change: settingsChangeSchema.nullable(),
  /** Why `settings/routing` is not what is in force; null where it is. */
  problem: z.string().nullable(),
});
export type SettingsView = z.infer<typeof settingsSchema>;

/** An API key without its text, which is nowhere, and without its hash. */
export const apiKeyViewSchema = apiKeySchema.omit({ hash: true, expiresAt: true });
export type ApiKeyView = z.infer<typeof apiKeyViewSchema>;

const apiKeyDocument = apiKeyViewSchema.meta({ id: 'ApiKey' });
export const apiKeyListSchema = z.object({ keys: z.array(apiKeyDocument) });

export const keyRequestSchema = z.strictObject({
  name: keyNameSchema,
  /** Whose its jobs are. */
  owner: keyOwnerSchema,
  scopes: z.array(apiKeyScopeSchema).min(1).max(apiKeyScopes.length),
  /** Days until it ends. */
  validDays: z.int().min(1).max(longestValidDays).default(90),
});

/** A new key, with its text, which is shown this once. */
export const newKeySchema = z.object({ text: z.string(), key: apiKeyDocument });

/** What an admin did. */
export const auditViewSchema = auditEntrySchema.omit({ expiresAt: true });
export type AuditView = z.infer<typeof auditViewSchema>;

export const auditPageSchema = z.object({
  entries: z.array(auditViewSchema.meta({ id: 'AdminAction' })),
  cursor: z.string().nullable(),
});

/** A span of a job's trace. Instants are milliseconds since 1970 with fractions, by the clock of the machine that was there. */
export const spanViewSchema = z.object({
  id: z.string(),
  /** Null where its parent is not among the spans. */
  parent: z.string().nullable(),
  name: z.string(),
  /** Of the job, whose retries share the trace. */
  run: z.int(),
  /** The program that recorded it, and which of its processes; null where the span does not say. */
  service: z.string().nullable(),
  instance: z.string().nullable(),
  startMs: z.number(),
  endMs: z.number(),
  /** What went wrong, empty where the span does not say what; null where nothing did. */
  error: z.string().nullable(),
  attributes: z.record(z.string(), z.string()),
  events: z.array(z.object({ name: z.string(), atMs: z.number() })),
});
export type SpanView = z.infer<typeof spanViewSchema>;

export const jobTraceSchema = z.object({
  /** The job's trace; null for a job whose upload was not traced. */
  traceId: z.string().nullable(),
  recording: z.discriminatedUnion('kind', [
    /** The programs record no spans. */
    z.object({ kind: z.literal('off') }),
    /** They send them to an OTLP endpoint, which this site cannot ask. */
    z.object({ kind: z.literal('otlp') }),
    /** They send them to Cloud Trace, whose page this is. */
    z.object({ kind: z.literal('cloud'), url: z.url().nullable() }),
    /** They write them into files. */
    z.object({
      kind: z.literal('file'),
      /** By their beginning. */
      spans: z.array(spanViewSchema.meta({ id: 'Span' })),
      /** Why the spans may not be all, as sentences. */
      notes: z.array(z.string()),
    }),
  ]),
});
export type JobTrace = z.infer<typeof jobTraceSchema>;

/** What programs logged of a job. */
export const jobLogsSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('file'),
    /** By their time. */
    entries: z.array(
      z.object({
        at: instant,
        severity: z.string(),
        program: z.string(),
        message: z.string(),
        fields: z.record(z.string(), z.string()),
      }),
    ),
    /** Why these may not be all, as sentences. */
    notes: z.array(z.string()),
  }),
  /** They are in Cloud Logging, whose page this is. */
  z.object({ kind: z.literal('cloud'), url: z.url() }),
  /** The site is not told where they are. */
  z.object({ kind: z.literal('unknown') }),
]);
export type JobLogs = z.infer<typeof jobLogsSchema>;

export const settingsRequestSchema = z.object({
  /** All settings: what is left out takes its default. */
  routing: routingSettingsSchema,
  /** `change.updatedAt` of the settings that were edited, null where there was no change: a later one is kept. */
  basedOn: z.iso.datetime().nullable().optional(),
});
export const drainSchema = z.strictObject({ drain: z.boolean() });

/** Server-sent events by name, as `GET /api/v1/admin/events` sends them. */
export const adminEventSchemas = {
  ...eventSchemas,
  workers: z.object({ workers: z.array(workerViewSchema) }),
  overview: overviewSchema,
} as const;
