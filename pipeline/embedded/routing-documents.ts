import {
  type ForecastDocument,
  forecastDocumentSchema,
  initialForecastDocument,
} from '@spillway/core/forecast/prewarming.ts';
import {
  initialMassAction,
  type MassActionDocument,
  massActionDocumentSchema,
} from '@spillway/core/mass-action.ts';
import {
  type FleetSummary,
  fleetSummarySchema,
  initialFleetSummary,
} from '@spillway/core/routing/fleet-summary.ts';
import { initialRouterState, type RouterState, routerStateSchema } from '@spillway/core/routing/state.ts';
import { initialSearchPlace, searchPlaceSchema } from '@spillway/core/upload-search.ts';
import type { z } from 'zod';
import type { Log, RevisedDocument, SearchPlaces } from '../ports/ports.ts';
import type { Database } from './database.ts';
import { createDocuments } from './documents.ts';

/** `routing/state` in SQLite. */
export function createEmbeddedRouterStates(database: Database, log: Log): RevisedDocument<RouterState> {
  return createRevisedDocument(database, 'routing/state', routerStateSchema, initialRouterState, log);
}

/** `routing/fleet` in SQLite. */
export function createEmbeddedFleetSummaries(database: Database, log: Log): RevisedDocument<FleetSummary> {
  return createRevisedDocument(database, 'routing/fleet', fleetSummarySchema, initialFleetSummary, log);
}

/** `routing/forecast` in SQLite. */
export function createEmbeddedForecasts(database: Database, log: Log): RevisedDocument<ForecastDocument> {
  return createRevisedDocument(
    database,
    'routing/forecast',
    forecastDocumentSchema,
    initialForecastDocument,
    log,
  );
}

/** `routing/mass-action` in SQLite. */
export function createEmbeddedMassActions(database: Database, log: Log): RevisedDocument<MassActionDocument> {
  return createRevisedDocument(
    database,
    'routing/mass-action',
    massActionDocumentSchema,
    initialMassAction,
    log,
  );
}

/** `routing/search-…` in SQLite. */
export function createEmbeddedSearchPlaces(database: Database, log: Log): SearchPlaces {
  return {
    of(search) {
      const path = `routing/search-${search}`;
      return createRevisedDocument(database, path, searchPlaceSchema, initialSearchPlace, log);
    },
  };
}

function createRevisedDocument<Value extends { revision: number }>(
  database: Database,
  path: string,
  schema: z.ZodType<Value>,
  initial: Value,
  log: Log,
): RevisedDocument<Value> {
  const documents = createDocuments(database);
  return {
    read: () => database.read(`read ${path}`, read),
    replace(previous, value) {
      return database.write(`change ${path}`, () => {
        if (read().revision !== previous.revision) return null;
        const next = { ...value, revision: previous.revision + 1 };
        documents.put(path, next);
        return next;
      });
    },
  };

  function read(): Value {
    const value = schema.safeParse(documents.get(path) ?? {});
    if (value.success) return value.data;
    log.error({ error: value.error }, `${path} is not valid; programs go on without it.`);
    return initial;
  }
}
