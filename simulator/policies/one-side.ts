import type { Scenario } from '../scenario.ts';
import { nothingAhead, type Policy, settingsFor } from './policy.ts';
import { unrouted } from './unrouted.ts';

/** Everything waits for the VMs, which share one queue, first in, first out. */
export function allVm(scenario: Scenario): Policy {
  return oneSide('all-vm', 'vm', scenario);
}

/** Everything goes to Cloud Run, and no VM is rented. */
export function allRun(scenario: Scenario): Policy {
  return oneSide('all-run', 'run', scenario);
}

function oneSide(name: string, target: 'vm' | 'run', scenario: Scenario): Policy {
  return {
    name,
    family: name,
    settings: settingsFor(scenario),
    heartbeatMs: scenario.vms.heartbeatMs,
    vmQueue: 'shared',
    reviews: false,
    usesVms: target === 'vm',
    ...nothingAhead,
    place: ({ job }) => ({ choice: unrouted(name, target, job) }),
  };
}
