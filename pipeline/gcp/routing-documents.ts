import { isDeepStrictEqual } from 'node:util';
import type { DocumentReference, DocumentSnapshot, Firestore } from '@google-cloud/firestore';
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
import type { StoreClock } from '../store-clock.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { codeOf, orOutage } from './outages.ts';

/** gRPC: NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION. */
const changedInBetween = new Set<unknown>([5, 6, 9]);

export interface RoutingDocuments {
  /** `routing/state` */
  routerStates: RevisedDocument<RouterState>;
  /** `routing/fleet` */
  fleetSummaries: RevisedDocument<FleetSummary>;
  /** `routing/forecast` */
  forecasts: RevisedDocument<ForecastDocument>;
  /** `routing/mass-action` */
  massActions: RevisedDocument<MassActionDocument>;
  /** `routing/search-…` */
  searchPlaces: SearchPlaces;
}

/** The collection `routing/` in Firestore. */
export function createFirestoreRoutingDocuments(
  firestore: Firestore,
  clock: StoreClock,
  log: Log,
): RoutingDocuments {
  const named = <Value extends { revision: number }>(
    name: string,
    schema: z.ZodType<Value>,
    initial: Value,
  ) =>
    createRevisedDocument(firestore.doc(`${collectionNames.routing}/${name}`), schema, initial, clock, log);
  return {
    routerStates: named('state', routerStateSchema, initialRouterState),
    fleetSummaries: named('fleet', fleetSummarySchema, initialFleetSummary),
    forecasts: named('forecast', forecastDocumentSchema, initialForecastDocument),
    massActions: named('mass-action', massActionDocumentSchema, initialMassAction),
    searchPlaces: {
      of: (search) => named(`search-${search}`, searchPlaceSchema, initialSearchPlace),
    },
  };
}

function createRevisedDocument<Value extends { revision: number }>(
  document: DocumentReference,
  schema: z.ZodType<Value>,
  initial: Value,
  clock: StoreClock,
  log: Log,
): RevisedDocument<Value> {
  async function get(): Promise<DocumentSnapshot> {
    const snapshot = await orOutage('Firestore', document.get());
    clock.answered(snapshot.readTime.toDate());
    return snapshot;
  }

  return {
    async read() {
      return valueIn(await get());
    },
    async replace(previous, value) {
      const snapshot = await get();
      if (valueIn(snapshot).revision !== previous.revision) return null;
      const next = { ...value, revision: previous.revision + 1 };
      try {
        const write = snapshot.updateTime
          ? document.update({ ...next }, { lastUpdateTime: snapshot.updateTime })
          : document.create(next);
        await orOutage('Firestore', write);
        return next;
      } catch (error) {
        if (!changedInBetween.has(codeOf(error))) throw error;
        const current = await this.read();
        return isDeepStrictEqual(current, next) ? current : null;
      }
    },
  };

  function valueIn(snapshot: DocumentSnapshot): Value {
    const value = schema.safeParse(withDates(snapshot.data() ?? {}));
    if (value.success) return value.data;
    log.error({ error: value.error }, `${document.path} is not valid; programs go on without it.`);
    return initial;
  }
}
