import { randomUUID } from 'node:crypto';
import { Firestore } from '@google-cloud/firestore';
import { PubSub } from '@google-cloud/pubsub';
import { Storage } from '@google-cloud/storage';
import { overTime } from '@spillway/core/steps.ts';
import { type BaseConfig, bucketsOf } from '../config.ts';
import { limitedBlobs } from '../limits/blobs.ts';
import { limitedFleet } from '../limits/fleet.ts';
import { limitedJobs } from '../limits/jobs.ts';
import { limitedQueue } from '../limits/queue.ts';
import { passOver } from '../pass-over.ts';
import type { AppPorts, Clock, Log } from '../ports/ports.ts';
import { recentReadings } from '../recent-readings.ts';
import { createRecorder } from '../rollups/recorder.ts';
import { runReachOf } from '../run-reach.ts';
import { storeClock } from '../store-clock.ts';
import { systemClock, systemTimers } from '../system-clock.ts';
import { createMeter } from '../telemetry/meter.ts';
import { metricsDestination } from '../telemetry/metrics-config.ts';
import { createMetricsOutput } from '../telemetry/metrics-output.ts';
import { createOtlpMetrics } from '../telemetry/otlp-metrics.ts';
import { createFirestoreApiKeys } from './api-keys.ts';
import { createFirestoreAudit } from './audit.ts';
import { createStorageBlobs } from './blobs.ts';
import { channelCheck, type Traffic } from './channel-check.ts';
import { collectionNames } from './collections.ts';
import { createPubSubConsumer } from './consumer.ts';
import { createPubSubDeadLetters } from './dead-letters.ts';
import { createFirestoreFleet } from './fleet.ts';
import { createFirestoreJobs } from './jobs.ts';
import { createFirestoreLeases } from './leases.ts';
import { createMonitoringMetrics } from './metrics.ts';
import { createFirestoreMetricsDocuments } from './metrics-documents.ts';
import { createFirestorePassedOver } from './passed-over.ts';
import { createPreflight } from './preflight.ts';
import { preflightQueries } from './preflight-queries.ts';
import { createPubSubQueue } from './queue.ts';
import { createFirestoreRoutingDocuments } from './routing-documents.ts';
import { createCloudRunService } from './run-service.ts';
import { createFirestoreSettings } from './settings.ts';
import { createFirestoreShares } from './shares.ts';

/** The ports and the clients behind them, for tests of these adapters. */
export interface GcpPorts extends AppPorts {
  firestore: Firestore;
  pubsub: PubSub;
}

/** All ports on Google's own client libraries, against the cloud or its emulators. Throws where the configuration cannot work. */
export function createGcpPorts(
  config: BaseConfig,
  log: Log,
  machine: Clock = systemClock,
  traffic: Traffic = 'streams',
): GcpPorts {
  const buckets = bucketsOf(config);
  const projectId = config.SPILLWAY_PROJECT;
  const firestore = new Firestore({ projectId, ...channelCheck(traffic) });
  const pubsub = new PubSub({ projectId });
  const storage = new Storage({ projectId });
  const clock = storeClock(machine);
  const passedOver = createFirestorePassedOver(firestore, clock);
  const onInvalid = (item: string, error: unknown) =>
    void overTime(passOver({ task: 'reading', item }, error, { passedOver, log }));
  const consumer = createPubSubConsumer(pubsub);
  const monitoring = metricsDestination(config) === 'cloud' ? createMonitoringMetrics(config) : null;
  const otlp = metricsDestination(config) === 'otlp' ? createOtlpMetrics() : null;
  const metricsService = monitoring ?? otlp;
  const meter = createMeter();
  const recorder = createRecorder(clock);
  const { SPILLWAY_RUN_SERVICE: runName, CLOUD_RUN_EMULATOR_HOST: runEmulator } = config;
  const runService = runName === undefined ? null : createCloudRunService(runName, runEmulator);
  const jobPorts = createFirestoreJobs(firestore, clock, onInvalid);
  const world = {
    fleet: limitedFleet(createFirestoreFleet(firestore, clock, log)),
    settings: createFirestoreSettings(firestore, clock, log, onInvalid),
    ...createFirestoreRoutingDocuments(firestore, clock, log),
  };
  return {
    engine: 'google',
    firestore,
    pubsub,
    ...limitedJobs(jobPorts),
    queue: limitedQueue(createPubSubQueue(pubsub)),
    consumer,
    deadLetters: createPubSubDeadLetters(pubsub),
    preflight: createPreflight({
      project: projectId,
      pubsub,
      storage,
      buckets,
      metrics: monitoring,
      readDatabase: () => firestore.doc(`${collectionNames.settings}/routing`).get(),
      queries: preflightQueries(jobPorts),
    }),
    blobs: limitedBlobs(createStorageBlobs(storage, log)),
    ...world,
    recent: recentReadings({ ...world, clock, log }),
    leases: createFirestoreLeases(firestore),
    passedOver,
    // TTL policies do it, and the retention of the subscriptions.
    retention: { removeExpired() {} },
    metrics: metricsService && createMetricsOutput(metricsService, { log, clock }),
    instruments: meter.instruments,
    ownMetrics: meter,
    recorder,
    ownRecords: recorder,
    metricsDocuments: createFirestoreMetricsDocuments(firestore),
    runService,
    runReach: runReachOf(config),
    tracing: null,
    audit: createFirestoreAudit(firestore),
    apiKeys: createFirestoreApiKeys(firestore),
    shares: createFirestoreShares(firestore),
    clock,
    timers: systemTimers,
    newToken: randomUUID,
    log,
    buckets,
    async close() {
      await Promise.all([
        ...[firestore.terminate(), consumer.close(), pubsub.close()],
        ...[metricsService?.close(), runService?.close()],
      ]);
    },
  };
}
