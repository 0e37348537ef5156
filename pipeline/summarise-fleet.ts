import { type FleetAt, type FleetSummary, summaryOf } from '@spillway/core/routing/fleet-summary.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';

/**
 * Writes what was read of the fleet into `routing/fleet`. Where two sweeps take themselves for the leader, the later reading
 * stays, whichever of the two writes last. Throws `OutageError`.
 */
export function* summariseFleet(
  fleet: FleetAt,
  { fleetSummaries }: Pick<Ports, 'fleetSummaries'>,
): Steps<void> {
  let before: FleetSummary | null = yield* waitFor(fleetSummaries.read());
  while (before !== null && (before.readAt === null || before.readAt <= fleet.readAt)) {
    const written: FleetSummary | null = yield* waitFor(
      fleetSummaries.replace(before, summaryOf(fleet, before)),
    );
    before = written ? null : yield* waitFor(fleetSummaries.read());
  }
}
