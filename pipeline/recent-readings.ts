import { type SingleFlight, singleFlight } from '@spillway/core/background.ts';
import { messageOf } from '@spillway/core/errors.ts';
import { agedBy, type FleetAt, type FleetMember, fleetIn } from '@spillway/core/routing/fleet-summary.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import { type Awaitable, begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import type { Clock, Ports } from './ports/ports.ts';
import type { RecentReadings } from './ports/recent-readings.ts';

/** Milliseconds. */
const timing = {
  /** A process reads again no sooner than this. */
  fresh: 1_000,
  /** A summary that is older has no leader that writes it. Two rounds of a sweep, and a margin. */
  led: 5_000,
} as const;

type Sources = Pick<Ports, 'fleet' | 'fleetSummaries' | 'routerStates' | 'settings' | 'clock' | 'log'>;

/**
 * @param freshMs Milliseconds for which a reading is kept.
 * @example const ports = { ...adapters, recent: recentReadings(adapters) };
 */
export function recentReadings(sources: Sources, freshMs: number = timing.fresh): RecentReadings {
  const { routerStates, clock } = sources;
  const fleet = kept(() => begin(readFleet(sources, freshMs)), clock, freshMs);
  const state = kept(() => routerStates.read(), clock, freshMs);
  function* workersNow(): Steps<FleetMember[]> {
    return agedBy(yield* waitFor(fleet()), clock.now());
  }

  return { workers: () => begin(workersNow()), routerState: state };
}

/** The answer of the last read while it is fresh. Those who ask while it is read share that read. */
function kept<Value>(read: () => Awaitable<Value>, clock: Clock, freshMs: number): () => Awaitable<Value> {
  let latest: { value: Value; at: number } | null = null;
  const flight: SingleFlight<Value> = singleFlight(() => begin(readAgain()));

  function* readAgain(): Steps<Value> {
    // From when it was asked: what is answered late is old already.
    const at = clock.now().getTime();
    const value = (yield* waitFor(read())) as Value;
    latest = { value, at };
    return value;
  }

  return () => (latest && clock.now().getTime() - latest.at < freshMs ? latest.value : flight.run());
}

/**
 * The summary. The heartbeats themselves where nobody writes it or it cannot be read, and where a VM seems to fall silent
 * that was alive when the summary was written: its next heartbeat may be there already.
 */
function* readFleet(sources: Sources, freshMs: number): Steps<FleetAt> {
  const { fleet, settings, clock } = sources;
  const [summary, routing] = yield* waitForAll([begin(readSummary(sources)), settings.routing()]);
  if (summary) {
    const until = new Date(clock.now().getTime() + freshMs);
    const isLed = clock.now().getTime() - summary.readAt.getTime() <= timing.led;
    if (isLed && liveAt(summary, until, routing) === liveAt(summary, summary.readAt, routing)) return summary;
  }
  return yield* waitFor(fleet.read());
}

function liveAt(fleet: FleetAt, at: Date, settings: RoutingSettings): number {
  return liveVms(agedBy(fleet, at), settings).length;
}

function* readSummary({ fleetSummaries, log }: Sources): Steps<FleetAt | null> {
  const summary = yield* waitFor(fleetSummaries.read());
  try {
    return fleetIn(summary);
  } catch (error) {
    log.warn({ error }, `The summary of the fleet cannot be read; its heartbeats are: ${messageOf(error)}`);
    return null;
  }
}
