import { isDeepStrictEqual } from 'node:util';
import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import { initialRouterState, type RouterState, routerStateSchema } from '@spillway/core/routing/state.ts';
import type { Log, RouterStates } from '../ports/ports.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { codeOf, orOutage } from './outages.ts';

/** gRPC: NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION. */
const changedInBetween = new Set<unknown>([5, 6, 9]);

/** `routing/state` in Firestore. */
export function createFirestoreRouterStates(firestore: Firestore, log: Log): RouterStates {
  const document = firestore.doc(`${collectionNames.routing}/state`);
  return {
    async read() {
      return stateIn(await orOutage('Firestore', document.get()));
    },
    async replace(previous, state) {
      const snapshot = await orOutage('Firestore', document.get());
      if (stateIn(snapshot).revision !== previous.revision) return null;
      const next = { ...state, revision: previous.revision + 1 };
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

  function stateIn(snapshot: DocumentSnapshot): RouterState {
    const state = routerStateSchema.safeParse(withDates(snapshot.data() ?? {}));
    if (state.success) return state.data;
    log.error({ error: state.error }, 'routing/state is not valid; routers go on without it.');
    return initialRouterState;
  }
}
