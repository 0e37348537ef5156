import type { Prediction, SidePrediction } from '../job.ts';
import type { RouteDecision } from './decide-route.ts';

/**
 * The cheaper side that is predicted to finish in time, which is the VMs where they are, since they are paid for
 * anyway; where neither would be in time, the sooner.
 */
export function decideByDeadline(prediction: Prediction): RouteDecision {
  const { vm, run } = prediction;
  const left = timeLeft(prediction);
  if (!run) return withoutRun(prediction);
  if (!vm) {
    return {
      target: 'run',
      reason: 'run_no_vm',
      explanation: `No VM takes new work; Cloud Run ${takes(run)}.`,
    };
  }
  if (vm.inTime && (!run.inTime || vm.dollars <= run.dollars)) {
    return { target: 'vm', reason: 'vm_in_time', explanation: `The VMs ${takes(vm)}, ${left}.` };
  }
  if (!run.inTime && vm.finishMs <= run.finishMs) {
    return {
      target: 'vm',
      reason: 'vm_sooner',
      explanation: `Both sides would be late (${left}), and the VMs, which ${takes(vm)}, are sooner than Cloud Run, which ${takes(run)}.`,
    };
  }
  return {
    target: 'run',
    reason: 'run_vm_late',
    explanation: `The VMs ${takes(vm)}, too late (${left}); Cloud Run ${takes(run)} and costs ${dollars(run.dollars)}.`,
  };
}

/** The VMs, which may not be there yet: the job waits for the first. */
export function withoutRun({ vm, runClosed, ...prediction }: Prediction): RouteDecision {
  const vms = vm
    ? `the VMs ${takes(vm)}, ${timeLeft({ ...prediction, vm, runClosed })}`
    : 'no VM takes new work: it waits for the first that does';
  switch (runClosed) {
    case 'paused':
      return {
        target: 'vm',
        reason: 'vm_run_paused',
        explanation: `Cloud Run is paused, since it did not take its work or failed; ${vms}.`,
      };
    case 'over_budget':
      return {
        target: 'vm',
        reason: 'vm_over_budget',
        explanation: `Cloud Run has cost as much as it may in an hour; ${vms}.`,
      };
    default:
      return { target: 'vm', reason: 'vm_only', explanation: `Cloud Run is off; ${vms}.` };
  }
}

function timeLeft({ budgetMs }: Prediction): string {
  return budgetMs < 0 ? `the deadline passed ${seconds(-budgetMs)} ago` : `${seconds(budgetMs)} are left`;
}

function takes(side: SidePrediction): string {
  return `would need ${seconds(side.finishMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function dollars(amount: number): string {
  return `$${amount.toPrecision(2)}`;
}
