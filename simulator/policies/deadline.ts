import type { Scenario } from '../scenario.ts';
import { nothingAhead, type Policy, settingsFor } from './policy.ts';

/** What runs in production: its decisions, its order on the VMs, its reviews, its learning, its breakers. */
export function deadlinePolicy(scenario: Scenario): Policy {
  const settings = settingsFor(scenario);
  return {
    name: 'deadline',
    family: 'deadline',
    settings,
    heartbeatMs: scenario.vms.heartbeatMs,
    vmQueue: 'turns',
    reviews: true,
    usesVms: true,
    ...nothingAhead,
  };
}

/** The same with an order on the VMs that is exact, and claims that never collide. */
export function exactLinePolicy(scenario: Scenario): Policy {
  return { ...deadlinePolicy(scenario), name: 'exact-line', exactLine: true };
}
