import { limitedFleet } from '../limits/fleet.ts';
import { limitedJobs } from '../limits/jobs.ts';
import type { Log } from '../ports/ports.ts';
import { recentReadings } from '../recent-readings.ts';
import { createEmbeddedApiKeys } from './api-keys.ts';
import { createEmbeddedAudit } from './audit.ts';
import type { Database } from './database.ts';
import { createEmbeddedFleet } from './fleet.ts';
import { createEmbeddedJobs } from './jobs.ts';
import { createEmbeddedLeases } from './leases.ts';
import { createEmbeddedMetricsDocuments } from './metrics-documents.ts';
import { createEmbeddedPassedOver } from './passed-over.ts';
import { createEmbeddedRetention } from './retention.ts';
import {
  createEmbeddedFleetSummaries,
  createEmbeddedForecasts,
  createEmbeddedMassActions,
  createEmbeddedRouterStates,
  createEmbeddedSearchPlaces,
} from './routing-documents.ts';
import { createEmbeddedSettings } from './settings.ts';
import { createEmbeddedShares } from './shares.ts';

/**
 * The ports of the documents.
 * @param onInvalid Told of documents that are not valid, which lists leave out.
 */
export function createEmbeddedDocuments(
  database: Database,
  log: Log,
  onInvalid: (item: string, error: unknown) => void,
) {
  const world = {
    fleet: limitedFleet(createEmbeddedFleet(database, log)),
    settings: createEmbeddedSettings(database, log, onInvalid),
    fleetSummaries: createEmbeddedFleetSummaries(database, log),
    routerStates: createEmbeddedRouterStates(database, log),
  };
  return {
    ...limitedJobs(createEmbeddedJobs(database, onInvalid)),
    ...world,
    recent: recentReadings({ ...world, clock: database.clock, log }),
    forecasts: createEmbeddedForecasts(database, log),
    massActions: createEmbeddedMassActions(database, log),
    searchPlaces: createEmbeddedSearchPlaces(database, log),
    leases: createEmbeddedLeases(database),
    passedOver: createEmbeddedPassedOver(database),
    retention: createEmbeddedRetention(database),
    audit: createEmbeddedAudit(database),
    metricsDocuments: createEmbeddedMetricsDocuments(database),
    apiKeys: createEmbeddedApiKeys(database),
    shares: createEmbeddedShares(database),
  };
}
