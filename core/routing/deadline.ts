import type { Prediction, SidePrediction } from '../job.ts';
import type { RouteDecision } from './decide-route.ts';

/**
 * The VM, which is paid for anyway, when it is predicted to finish in time; else Cloud Run; but the VM after all
 * where Cloud Run would be late too and no sooner.
 */
export function decideByDeadline({ vm, run, budgetMs }: Prediction): RouteDecision {
  const left =
    budgetMs < 0 ? `the deadline passed ${seconds(-budgetMs)} ago` : `${seconds(budgetMs)} are left`;
  if (!vm && !run) {
    return {
      target: 'vm',
      reason: 'vm_only',
      explanation: 'No VM takes new work and Cloud Run is off: it waits for the first VM.',
    };
  }
  if (!vm) {
    return {
      target: 'run',
      reason: 'run_no_vm',
      explanation: `No VM takes new work; Cloud Run ${takes(run)}.`,
    };
  }
  if (!run) {
    return {
      target: 'vm',
      reason: 'vm_only',
      explanation: `Cloud Run is off; the VMs ${takes(vm)}, ${left}.`,
    };
  }
  if (vm.inTime) {
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
    explanation: `The VMs ${takes(vm)}, too late (${left}); Cloud Run ${takes(run)}.`,
  };
}

function takes(side: SidePrediction | null): string {
  return side ? `would need ${seconds(side.finishMs)}` : 'cannot take it';
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
