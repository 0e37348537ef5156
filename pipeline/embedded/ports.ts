import { randomUUID } from 'node:crypto';
import { overTime } from '@spillway/core/steps.ts';
import { type BaseConfig, bucketsOf, databaseOf, storageServerOf } from '../config.ts';
import { ConfigError } from '../config-error.ts';
import { limitedBlobs } from '../limits/blobs.ts';
import { passOver } from '../pass-over.ts';
import type { AppPorts, Clock, Log } from '../ports/ports.ts';
import { createRecorder } from '../rollups/recorder.ts';
import { runReachOf } from '../run-reach.ts';
import { systemTimers } from '../system-clock.ts';
import { createMeter } from '../telemetry/meter.ts';
import { metricsDestination } from '../telemetry/metrics-config.ts';
import { createMetricsOutput } from '../telemetry/metrics-output.ts';
import { createStorageServerBlobs } from './blobs.ts';
import { type Database, machineClock, openDatabase } from './database.ts';
import { createEmbeddedDocuments } from './document-ports.ts';
import { createEmbeddedPreflight } from './preflight.ts';
import { createEmbeddedQueues } from './queues.ts';

/** The ports and the database behind them, for tests of these adapters. */
export interface EmbeddedPorts extends AppPorts {
  database: Database;
}

/**
 * All ports on one SQLite file, with a storage server beside it. What Google's services would refuse is refused here as
 * well, so that a picture that works on one machine works in the cloud.
 * @throws ConfigError where the configuration cannot work, and what `openDatabase` throws.
 */
export async function createEmbeddedPorts(
  config: BaseConfig,
  log: Log,
  clock: Clock = machineClock,
): Promise<EmbeddedPorts> {
  const path = databaseOf(config);
  if (path === null)
    throw new ConfigError('Set SPILLWAY_ENGINE=embedded and name the file in SPILLWAY_DATABASE.');
  const storageServer = storageServerOf(config);
  if (storageServer === null)
    throw new ConfigError(
      'The engine "embedded" keeps pictures in a storage server: name its address in STORAGE_EMULATOR_HOST.',
    );
  const buckets = bucketsOf(config);
  const [metricsService, runService] = await Promise.all([metricsServiceOf(config), runServiceOf(config)]);
  const database = await openDatabase(path, clock);
  const blobs = createStorageServerBlobs(storageServer);
  const queues = createEmbeddedQueues(database);
  const onInvalid = (item: string, error: unknown) =>
    void overTime(passOver({ task: 'reading', item }, error, { passedOver: documents.passedOver, log }));
  const documents = createEmbeddedDocuments(database, log, onInvalid);
  const meter = createMeter();
  const recorder = createRecorder(clock);
  return {
    engine: 'embedded',
    database,
    ...documents,
    queue: queues.queue,
    consumer: queues.consumer,
    deadLetters: queues.deadLetters,
    preflight: createEmbeddedPreflight(buckets, blobs.isBucketThere),
    blobs: limitedBlobs(blobs),
    metrics: metricsService && createMetricsOutput(metricsService, { log, clock }),
    instruments: meter.instruments,
    ownMetrics: meter,
    recorder,
    ownRecords: recorder,
    runService,
    runReach: runReachOf(config),
    tracing: null,
    clock,
    timers: systemTimers,
    newToken: randomUUID,
    log,
    buckets,
    async close() {
      queues.close();
      database.close();
      blobs.close();
      await Promise.all([metricsService?.close(), runService?.close()]);
    },
  };
}

/** Loads the client of a service only where it is used. */
async function metricsServiceOf(config: BaseConfig) {
  const destination = metricsDestination(config);
  switch (destination) {
    case 'off':
      return null;
    case 'cloud': {
      const { createMonitoringMetrics } = await import('../gcp/metrics.ts');
      return createMonitoringMetrics(config);
    }
    case 'otlp': {
      const { createOtlpMetrics } = await import('../telemetry/otlp-metrics.ts');
      return createOtlpMetrics();
    }
    default:
      return destination satisfies never;
  }
}

async function runServiceOf({ SPILLWAY_RUN_SERVICE: name, CLOUD_RUN_EMULATOR_HOST: emulator }: BaseConfig) {
  if (name === undefined) return null;
  const { createCloudRunService } = await import('../gcp/run-service.ts');
  return createCloudRunService(name, emulator);
}
