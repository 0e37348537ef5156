import { opened } from '@spillway/core/routing/breakers.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';

/** How often it is written where others change `routing/state` at the same time. */
const mostTries = 10;

/**
 * Ends the breaker's pause of Cloud Run at once, for all routers: somebody has mended what was wrong there. A trial under
 * way no longer counts. Throws `OutageError`.
 */
export function* openBreaker({
  routerStates,
  clock,
  log,
}: Pick<Ports, 'routerStates' | 'clock' | 'log'>): Steps<void> {
  for (let tries = 0; tries < mostTries; tries++) {
    const state = yield* waitFor(routerStates.read());
    if (state.breaker.state === 'closed') return;
    const breaker = opened(state.breaker, clock.now());
    if (yield* waitFor(routerStates.replace(state, { ...state, breaker }))) {
      log.warn({ breaker }, `Cloud Run: ${state.breaker.state} -> closed. An admin has ended the pause.`);
      return;
    }
  }
}
