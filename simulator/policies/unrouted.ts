import { type Ledger, noWork, type Target } from '@spillway/core/job.ts';
import type { RouteChoice } from '@spillway/core/transitions.ts';
import type { Entry } from '../world/documents.ts';

/** For decisions that do not ask what stands before a job. */
export const noLedger: Ledger = { vm: { running: noWork, ahead: noWork }, run: noWork };

/** The choice of a policy that production does not have: first in, first out, with no prediction. */
export function unrouted(policy: string, target: Target, { job }: Entry): RouteChoice {
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
