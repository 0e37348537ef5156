import type { FleetMember } from '@spillway/core/routing/fleet-summary.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

/**
 * What the decisions of this process go by. It is read at most once a second, by one of those that ask, so that what a
 * decision reads does not grow with the fleet. Both methods throw `OutageError`.
 */
export interface RecentReadings {
  /** The workers, with the ages that their heartbeats have now, by the database's clock. */
  workers(): Awaitable<readonly FleetMember[]>;
  routerState(): Awaitable<RouterState>;
}
