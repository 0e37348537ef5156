import type { Engine } from '@spillway/core/diagnosis/system-reading.ts';
import type { ForecastDocument } from '@spillway/core/forecast/prewarming.ts';
import type { MassActionDocument } from '@spillway/core/mass-action.ts';
import type { FleetSummary } from '@spillway/core/routing/fleet-summary.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import type { RunReach } from '@spillway/core/run-reach.ts';
import type { RoutingSettings, SettingsChange } from '@spillway/core/settings.ts';
import type { SettingsDocument, SettingsEntry } from '@spillway/core/settings-history.ts';
import type { SourceRule } from '@spillway/core/source-rules.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { SearchPlace } from '@spillway/core/upload-search.ts';
import type { ApiKeys } from './api-keys.ts';
import type { AuditTrail } from './audit.ts';
import type { Blobs } from './blobs.ts';
import type { Consumer } from './consumer.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Fleet } from './fleet.ts';
import type { Instruments } from './instruments.ts';
import type { JobPorts } from './jobs.ts';
import type { MetricsOutput, OwnMetrics } from './metrics.ts';
import type { PassedOverItems } from './passed-over.ts';
import type { Preflight } from './preflight.ts';
import type { Queue } from './queue.ts';
import type { RecentReadings } from './recent-readings.ts';
import type { Retention } from './retention.ts';
import type { MetricsDocuments, OwnRecords, Recorder } from './rollups.ts';
import type { RunService } from './run-service.ts';
import type { Shares } from './shares.ts';
import type { Tracing } from './tracing.ts';

/** `settings/routing` as it is now, for the admin. */
export interface RoutingSettingsReading {
  /** The settings in force: the last ones that were valid. */
  settings: RoutingSettings;
  /** Null while nobody has changed them. */
  change: SettingsChange | null;
  /** What is wrong with the document; null where nothing is. */
  problem: string | null;
}

/** `settings/sources` as it is now, for the admin. */
export interface SourceSettingsReading {
  /** The rules in force: the last ones that were valid. */
  rules: SourceRule[];
  /** Null while nobody has changed them here. */
  change: SettingsChange | null;
  /** What is wrong with the document; null where nothing is. */
  problem: string | null;
}

export interface SettingsHistoryPage {
  entries: SettingsEntry[];
  /** Pass it on to read the following page; null on the last one. */
  cursor: string | null;
}

/** All methods throw `OutageError` when the database does not answer. */
export interface Settings {
  /** The settings in force. They are read again when they are five seconds old. */
  routing(): Awaitable<RoutingSettings>;
  sourceRules(): Awaitable<SourceRule[]>;
  /** Reads the document now. */
  readRouting(): Awaitable<RoutingSettingsReading>;
  readSources(): Awaitable<SourceSettingsReading>;
  /**
   * Replaces all of `settings/routing`, and keeps the change in `settings-history/` with the same write.
   * @param undoes The id of the change that this one undoes, where it undoes one.
   */
  changeRouting(
    settings: RoutingSettings,
    by: string,
    undoes?: string | null,
  ): Awaitable<RoutingSettingsReading>;
  /** The same of `settings/sources`. */
  changeSources(rules: SourceRule[], by: string, undoes?: string | null): Awaitable<SourceSettingsReading>;
  /** Changes of a document, the latest first. */
  history(document: SettingsDocument, limit: number, cursor: string | null): Awaitable<SettingsHistoryPage>;
  /** One of them; null where it is gone with age, or there never was one. */
  historyEntry(id: string): Awaitable<SettingsEntry | null>;
}

/** One document that several programs write by turns. All methods throw `OutageError`. */
export interface RevisedDocument<Value extends { revision: number }> {
  /** What it holds, or the initial value where the document is missing or does not validate. */
  read(): Awaitable<Value>;
  /**
   * Writes `next` under the next revision if the document is still as in `previous`; null if it was changed in between.
   * A write whose reply was lost is looked up again before it is called refused.
   */
  replace(previous: Value, next: Value): Awaitable<Value | null>;
}

/** How far each search for lost uploads has come, a document for each. */
export interface SearchPlaces {
  /** @param search A word for each kind and bucket, of letters, digits, `_` and `-`. */
  of(search: string): RevisedDocument<SearchPlace>;
}

/** Short leases, so that only one of many candidates does a task. */
export interface Leases {
  /** True when `holder` has the lease for the next `ttlMs` milliseconds. */
  acquire(name: string, holder: string, ttlMs: number): Awaitable<boolean>;
  /** When the last lease of that name ends or has ended, whoever held it; null where nobody ever did. */
  endOf(name: string): Awaitable<Date | null>;
}

export interface Clock {
  now(): Date;
}

export interface Timers {
  /** Calls `action` every `ms` milliseconds until the returned function is called. */
  every(ms: number, action: () => void): () => void;
}

/** Structured log lines: fields first, then a sentence, as in pino. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Names of the buckets, which differ. */
export interface Buckets {
  /** Where integrators put pictures. */
  uploads: string;
  /** Where the site puts its visitors' pictures. Only the site's account may write there. */
  webUploads: string;
  results: string;
}

/**
 * Everything outside this process that the use cases work with. A port may answer with a promise or at once: see
 * `core/steps.ts`.
 */
export interface Ports extends JobPorts {
  queue: Queue;
  blobs: Blobs;
  fleet: Fleet;
  settings: Settings;
  /** The document `routing/fleet`, which the sweep's leader writes. */
  fleetSummaries: RevisedDocument<FleetSummary>;
  recent: RecentReadings;
  /** The document `routing/state`. */
  routerStates: RevisedDocument<RouterState>;
  /** The document `routing/forecast`. */
  forecasts: RevisedDocument<ForecastDocument>;
  /** The document `routing/mass-action`. */
  massActions: RevisedDocument<MassActionDocument>;
  /** The documents `routing/search-…`. */
  searchPlaces: SearchPlaces;
  leases: Leases;
  passedOver: PassedOverItems;
  retention: Retention;
  /** Null where nobody reads what this program would write. */
  metrics: MetricsOutput | null;
  /** What the use cases tell of what they do. */
  instruments: Instruments;
  /** What the use cases tell of what they do, for the rollups. */
  recorder: Recorder;
  metricsDocuments: MetricsDocuments;
  /** The worker's service of Cloud Run; null where this program is not told its name. */
  runService: RunService | null;
  /** How jobs reach Cloud Run from here. */
  runReach: RunReach;
  /** Null where nothing is traced. */
  tracing: Tracing | null;
  audit: AuditTrail;
  apiKeys: ApiKeys;
  shares: Shares;
  /** Tells the database's time, as close as its last answers allow (store-clock.ts). */
  clock: Clock;
  timers: Timers;
  /** A random token that nobody can guess: a claim's fencing token, a reservation's. */
  newToken: () => string;
  log: Log;
  buckets: Buckets;
}

/** What a program is given: the ports of the use cases, and those that the program itself needs. */
export interface AppPorts extends Ports {
  /** What keeps documents and messages. */
  engine: Engine;
  consumer: Consumer;
  preflight: Preflight;
  /** What was told to `instruments`. */
  ownMetrics: OwnMetrics;
  /** What was told to `recorder`. */
  ownRecords: OwnRecords;
  deadLetters: DeadLetters;
  /** Ends the connections once the calls under way have ended. */
  close(): Promise<void>;
}
