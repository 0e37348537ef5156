import { randomUUID } from 'node:crypto';
import { initialForecastDocument } from '@spillway/core/forecast/prewarming.ts';
import type { Target } from '@spillway/core/job.ts';
import { initialMassAction } from '@spillway/core/mass-action.ts';
import type { JobEnded, JobMessage } from '@spillway/core/messages.ts';
import { initialFleetSummary } from '@spillway/core/routing/fleet-summary.ts';
import { initialRouterState } from '@spillway/core/routing/state.ts';
import type { RunReach } from '@spillway/core/run-reach.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { SourceRule } from '@spillway/core/source-rules.ts';
import { initialSearchPlace, type SearchPlace } from '@spillway/core/upload-search.ts';
import { limitedBlobs } from '../limits/blobs.ts';
import { limitedFleet } from '../limits/fleet.ts';
import { limitedJobs } from '../limits/jobs.ts';
import { limitedQueue } from '../limits/queue.ts';
import type { AppPorts, Clock, Leases, Log, RevisedDocument, SearchPlaces, Timers } from '../ports/ports.ts';
import type { Queue } from '../ports/queue.ts';
import type { Tracing } from '../ports/tracing.ts';
import { recentReadings } from '../recent-readings.ts';
import { createRecorder } from '../rollups/recorder.ts';
import { systemClock, systemTimers } from '../system-clock.ts';
import { createMemoryApiKeys } from './api-keys.ts';
import { createMemoryAudit } from './audit.ts';
import { createMemoryBlobs, type MemoryBlobs } from './blobs.ts';
import { createMemoryConsumer } from './consumer.ts';
import { createMemoryFleet } from './fleet.ts';
import { createMemoryInstruments, type MemoryInstruments } from './instruments.ts';
import { createMemoryJobs } from './jobs.ts';
import { createMemoryMetrics, type MemoryMetrics } from './metrics.ts';
import { createMemoryMetricsDocuments } from './metrics-documents.ts';
import { createMemoryPassedOver } from './passed-over.ts';
import { createMemoryRunService, type MemoryRunService } from './run-service.ts';
import { createMemorySettings } from './settings.ts';
import { createMemoryShares } from './shares.ts';

export interface MemoryQueue extends Queue {
  readonly messages: Record<Target, JobMessage[]>;
  /** What was published with a message as its `traceparent`. */
  readonly traces: WeakMap<JobMessage, string>;
  readonly announced: { id: string; event: JobEnded; trace: string | null }[];
  readonly buried: { data: string; problem: string }[];
}

export interface MemoryPorts extends AppPorts {
  blobs: MemoryBlobs;
  queue: MemoryQueue;
  metrics: MemoryMetrics;
  instruments: MemoryInstruments;
  runService: MemoryRunService;
}

export interface MemoryOptions {
  clock?: Clock;
  timers?: Timers;
  newToken?: () => string;
  routing?: RoutingSettings;
  sourceRules?: SourceRule[];
  log?: Log;
  /** How long decisions go by what was read, in milliseconds. Default: each reads. */
  freshMs?: number;
  /** Default: nothing is traced. */
  tracing?: Tracing;
  /** Default: its jobs come from the queue. */
  runReach?: RunReach;
}

/** All ports in this process's memory, with the limits of Google's services: for tests. */
export function createMemoryPorts(options: MemoryOptions = {}): MemoryPorts {
  const { clock = systemClock, newToken = randomUUID } = options;
  const database = createMemoryDatabase({ ...options, clock });
  const queue = createMemoryQueue();
  const log = options.log ?? silentLog;
  const recorder = createRecorder(clock);
  const fleet = limitedFleet(database.fleet);
  return {
    engine: 'google',
    ...database,
    ...limitedJobs(database),
    fleet,
    recent: recentReadings({ ...database, fleet, clock, log }, options.freshMs ?? 0),
    queue: limitedQueue(queue),
    consumer: createMemoryConsumer(queue, clock),
    deadLetters: {
      peek: (limit) =>
        queue.buried
          .slice(0, limit)
          .map(({ data, problem }, index) => ({ id: String(index), problem, at: clock.now(), data })),
      remove: (id) => queue.buried.splice(Number(id), 1).length > 0,
    },
    // In memory nothing can be missing.
    preflight: { examine: async () => null },
    blobs: limitedBlobs(createMemoryBlobs(clock, newToken)),
    metrics: createMemoryMetrics(),
    instruments: createMemoryInstruments(),
    ownMetrics: { told: 0, read: async () => [] },
    recorder,
    ownRecords: recorder,
    runService: createMemoryRunService(),
    runReach: options.runReach ?? { kind: 'jobs' },
    tracing: options.tracing ?? null,
    clock,
    timers: options.timers ?? systemTimers,
    newToken,
    log,
    buckets: { uploads: 'uploads', webUploads: 'web-uploads', results: 'results' },
    async close() {},
  };
}

/** The ports of a database in this process's memory. They answer at once and take what the real one would refuse. */
export function createMemoryDatabase(
  options: Pick<MemoryOptions, 'routing' | 'sourceRules'> & { clock: Clock },
) {
  const { clock } = options;
  return {
    ...createMemoryJobs(clock),
    fleet: createMemoryFleet(clock),
    settings: createMemorySettings(options),
    fleetSummaries: createMemoryDocument(initialFleetSummary),
    routerStates: createMemoryDocument(initialRouterState),
    forecasts: createMemoryDocument(initialForecastDocument),
    massActions: createMemoryDocument(initialMassAction),
    searchPlaces: createMemorySearchPlaces(),
    leases: createMemoryLeases(clock),
    passedOver: createMemoryPassedOver(clock),
    retention: { removeExpired() {} },
    audit: createMemoryAudit(),
    metricsDocuments: createMemoryMetricsDocuments(),
    apiKeys: createMemoryApiKeys(),
    shares: createMemoryShares(),
  };
}

function createMemoryDocument<Value extends { revision: number }>(initial: Value): RevisedDocument<Value> {
  let value = initial;
  return {
    read: () => value,
    replace(previous, next) {
      if (value.revision !== previous.revision) return null;
      value = { ...next, revision: previous.revision + 1 };
      return value;
    },
  };
}

function createMemorySearchPlaces(): SearchPlaces {
  const places = new Map<string, RevisedDocument<SearchPlace>>();
  return {
    of(search) {
      const place = places.get(search) ?? createMemoryDocument(initialSearchPlace);
      places.set(search, place);
      return place;
    },
  };
}

export function createMemoryQueue(): MemoryQueue {
  const messages: MemoryQueue['messages'] = { vm: [], run: [] };
  const traces: MemoryQueue['traces'] = new WeakMap();
  const announced: MemoryQueue['announced'] = [];
  const buried: MemoryQueue['buried'] = [];
  return {
    messages,
    traces,
    announced,
    buried,
    publish(target, message, trace) {
      messages[target].push(message);
      if (trace !== null) traces.set(message, trace);
    },
    announce(id, event, _at, trace) {
      announced.push({ id, event, trace });
    },
    bury(data, problem) {
      buried.push({ data, problem });
    },
  };
}

export function createMemoryLeases(clock: Clock): Leases {
  const leases = new Map<string, { holder: string; expiresAt: number }>();
  return {
    acquire(name, holder, ttlMs) {
      const now = clock.now().getTime();
      const lease = leases.get(name);
      if (lease && lease.holder !== holder && lease.expiresAt > now) return false;
      leases.set(name, { holder, expiresAt: now + ttlMs });
      return true;
    },
    endOf(name) {
      const lease = leases.get(name);
      return lease ? new Date(lease.expiresAt) : null;
    },
  };
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
