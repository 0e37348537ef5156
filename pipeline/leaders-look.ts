import { singleFlight } from '@spillway/core/background.ts';
import { begin, type Steps, waitFor } from '@spillway/core/steps.ts';
import { type ConditionsNow, readConditionsNow } from './conditions.ts';
import type { Ports } from './ports/ports.ts';
import { summariseFleet } from './summarise-fleet.ts';

/** Milliseconds. */
const timing = {
  /**
   * The leader reads every heartbeat this often, as often as a worker beats. A VM that is gone is noticed by the summary's
   * readers when its last heartbeat is as old as that, and one that is new within two of these and a second.
   */
  every: 2_000,
  /** A look that is younger is not taken again. */
  fresh: 1_000,
} as const;

/** What the sweep's leader sees of the world: whole heartbeats, which it summarises for all other programs. */
export interface LeadersLook {
  /** Throws `OutageError`. */
  conditions(): Steps<ConditionsNow>;
}

/**
 * Does work, and looks at the world, for all programs, as long as the work takes.
 * @param onSeen Told of each look.
 */
export function* whileLooking<Value>(
  ports: Ports,
  work: (look: LeadersLook) => Steps<Value>,
  onSeen: (seen: ConditionsNow) => void = () => {},
): Steps<Value> {
  const { clock, timers, log } = ports;
  let latest: ConditionsNow | null = null;
  const looks = singleFlight(() => begin(look()));

  function* look(): Steps<ConditionsNow> {
    const seen = yield* readConditionsNow(ports);
    latest = seen;
    onSeen(seen);
    yield* summariseFleet(seen, ports);
    return seen;
  }

  function* lookAgain(): Steps<void> {
    try {
      yield* waitFor(looks.run());
    } catch (error) {
      log.warn({ error }, 'The fleet could not be summarised; others read its heartbeats.');
    }
  }

  function* conditions(): Steps<ConditionsNow> {
    const isFresh = latest !== null && clock.now().getTime() - latest.now.getTime() < timing.fresh;
    return isFresh && latest ? latest : yield* waitFor(looks.run());
  }

  const stop = timers.every(timing.every, () => void begin(lookAgain()));
  try {
    return yield* work({ conditions });
  } finally {
    stop();
    yield* waitFor(looks.landed());
  }
}
