import type { Steps } from '@spillway/core/steps.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';

/** A slot takes this number of turns with one message, and then lets it go. */
const turnsPerMessage = 50;

/** A slot goes on with what is first in line for as long as jobs wait. Returns the last outcome. */
export function* serveTurns(
  first: Steps<Outcome>,
  next: () => Steps<Outcome>,
  mayGoOn: () => boolean,
): Steps<Outcome> {
  let outcome = yield* first;
  for (let turns = 1; turns < turnsPerMessage; turns++) {
    if (!outcome.ack || outcome.kind === 'nothing_waits' || !mayGoOn()) break;
    outcome = yield* next();
  }
  return outcome;
}
