import type { Firestore } from '@google-cloud/firestore';
import { initialRouterState, routerStateSchema } from '@spillway/core/routing/state.ts';
import type { Log, RouterStates } from '../ports/ports.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

/** `routing/state` in Firestore. */
export function createFirestoreRouterStates(firestore: Firestore, log: Log): RouterStates {
  const document = firestore.doc('routing/state');
  return {
    async read() {
      const snapshot = await orOutage('Firestore', document.get());
      const state = routerStateSchema.safeParse(withDates(snapshot.data() ?? {}));
      if (state.success) return state.data;
      log.error({ error: state.error }, 'routing/state is not valid; routers go on without it.');
      return initialRouterState;
    },
    async write(state) {
      await orOutage('Firestore', document.set(state));
    },
  };
}
