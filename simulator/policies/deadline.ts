import { decideRoute } from '@spillway/core/routing/policy.ts';
import { liveVms, slotsOf } from '@spillway/core/routing/state.ts';
import { turnOf } from '@spillway/core/routing/waiting.ts';
import type { Scenario } from '../scenario.ts';
import { type Policy, settingsFor } from './policy.ts';

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
    place({ entry: { drawn, job }, conditions, ledger, ownerAheadMs }) {
      const { deadlineAt, owner } = job;
      const turnAt = turnOf({
        deadlineAt,
        now: conditions.now,
        owner,
        ownerAheadMs: ownerAheadMs(),
        serviceMs: job.route.workMs,
        slots: slotsOf(liveVms(conditions.workers, settings)),
        settings,
      });
      const { operation, pixels } = drawn;
      const candidate = { operation, pixels, deadlineAt, turnAt };
      return { choice: decideRoute({ ...conditions, ...candidate, ledger: ledger(turnAt) }) };
    },
  };
}
