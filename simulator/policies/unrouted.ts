import type { Job, Target } from '@spillway/core/job.ts';
import type { RouteChoice } from '@spillway/core/transitions.ts';

/** The choice of a policy that production does not have: first in, first out, with no prediction. */
export function unrouted(policy: string, target: Target, job: Job): RouteChoice {
  return {
    target,
    reason: target === 'vm' ? 'vm_only' : 'run_no_vm',
    explanation: `The baseline ${policy} chose it.`,
    policy,
    workMs: job.route.workMs,
    turnAt: job.createdAt,
    dollars: 0,
    predicted: null,
    ledger: null,
  };
}
