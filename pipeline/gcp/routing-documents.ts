import { isDeepStrictEqual } from 'node:util';
import type { DocumentReference, DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import {
  type ForecastDocument,
  forecastDocumentSchema,
  initialForecastDocument,
} from '@spillway/core/forecast/prewarming.ts';
import { initialRouterState, type RouterState, routerStateSchema } from '@spillway/core/routing/state.ts';
import { initialSearchPlace, searchPlaceSchema } from '@spillway/core/upload-search.ts';
import type { z } from 'zod';
import type { Log, RevisedDocument, SearchPlaces } from '../ports/ports.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { codeOf, orOutage } from './outages.ts';

/** gRPC: NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION. */
const changedInBetween = new Set<unknown>([5, 6, 9]);

/** `routing/state` in Firestore. */
export function createFirestoreRouterStates(firestore: Firestore, log: Log): RevisedDocument<RouterState> {
  const document = firestore.doc(`${collectionNames.routing}/state`);
  return createRevisedDocument(document, routerStateSchema, initialRouterState, log);
}

/** `routing/forecast` in Firestore. */
export function createFirestoreForecasts(firestore: Firestore, log: Log): RevisedDocument<ForecastDocument> {
  const document = firestore.doc(`${collectionNames.routing}/forecast`);
  return createRevisedDocument(document, forecastDocumentSchema, initialForecastDocument, log);
}

/** `routing/search-…` in Firestore. */
export function createFirestoreSearchPlaces(firestore: Firestore, log: Log): SearchPlaces {
  return {
    of(search) {
      const document = firestore.doc(`${collectionNames.routing}/search-${search}`);
      return createRevisedDocument(document, searchPlaceSchema, initialSearchPlace, log);
    },
  };
}

function createRevisedDocument<Value extends { revision: number }>(
  document: DocumentReference,
  schema: z.ZodType<Value>,
  initial: Value,
  log: Log,
): RevisedDocument<Value> {
  return {
    async read() {
      return valueIn(await orOutage('Firestore', document.get()));
    },
    async replace(previous, value) {
      const snapshot = await orOutage('Firestore', document.get());
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
