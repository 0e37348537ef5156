import type { Scenario } from '../scenario.ts';
import { nothingAhead, type Policy, settingsFor } from './policy.ts';

/**
 * The field's habit: Cloud Run when the least loaded VM's last reported CPU is above `percent`, by production's own
 * `decideByThreshold`. The VMs share one queue, first in, first out, and nothing is moved.
 */
export function thresholdPolicy(
  name: string,
  percent: number,
  heartbeatMs: number,
  scenario: Scenario,
): Policy {
  return {
    name,
    family: `CPU threshold (%), heartbeats of ${heartbeatMs / 1_000} s`,
    settings: settingsFor(scenario, { policy: 'threshold', cpu: percent / 100, heartbeatMs }),
    heartbeatMs,
    vmQueue: 'shared',
    reviews: false,
    usesVms: true,
    ...nothingAhead,
  };
}
