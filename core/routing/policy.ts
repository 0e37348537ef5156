import { formatDollars, formatSeconds, formatShare } from '../amounts.ts';
import type { Prediction, SidePrediction } from '../job.ts';
import { pauseByHand } from '../settings.ts';
import type { RouteChoice } from '../transitions.ts';
import { liveVms } from './liveness.ts';
import { predictBothSides } from './predict.ts';
import type { RouteDecision, RoutingQuestion } from './question.ts';
import { priorServiceMs } from './service-times.ts';

/** Chooses where a job waits. Pure: the same question always gets the same answer. */
export function decideRoute(question: RoutingQuestion): RouteChoice {
  const { settings, operation, pixels, turnAt, ledger } = question;
  const predicted = predictBothSides(question);
  const decision = decideByPolicy(question, predicted);
  const side = predicted[decision.target];
  return {
    ...decision,
    policy: settings.policy,
    predicted,
    ledger,
    turnAt,
    // Work that waits for a side without workers counts as well.
    workMs: Math.round(side?.serviceMs ?? priorServiceMs(operation, pixels)),
    dollars: side?.dollars ?? 0,
  };
}

function decideByPolicy(question: RoutingQuestion, predicted: Prediction): RouteDecision {
  const { policy } = question.settings;
  switch (policy) {
    case 'deadline':
      return decideByDeadline(question, predicted);
    case 'threshold':
      return decideByThreshold(question, predicted);
    default:
      return policy satisfies never;
  }
}

/**
 * Chooses the cheaper side that is predicted to finish in time. If neither is, the sooner one. VMs are cheaper where
 * there are any, since they are paid for anyway, unless machines of one's own say what their work costs.
 */
function decideByDeadline(question: RoutingQuestion, prediction: Prediction): RouteDecision {
  const { vm, run } = prediction;
  const left = timeLeft(prediction);
  if (!run) return withoutRun(question, prediction);
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
  if (vm.inTime && run.inTime) {
    return {
      target: 'run',
      reason: 'run_cheaper',
      explanation: `Cloud Run ${takes(run)} and costs less than the VMs: ${formatDollars(run.dollars)} instead of ${formatDollars(vm.dollars)}.`,
    };
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
    explanation: `The VMs ${takes(vm)}, too late (${left}); Cloud Run ${takes(run)} and costs ${formatDollars(run.dollars)}.`,
  };
}

/** Chooses the VMs, although there may be none yet: the job then waits for the first. */
function withoutRun(
  { settings, now }: RoutingQuestion,
  { vm, runClosed, ...prediction }: Prediction,
): RouteDecision {
  const vms = vm
    ? `the VMs ${takes(vm)}, ${timeLeft({ ...prediction, vm, runClosed })}`
    : 'no VM takes new work: it waits for the first that does';
  switch (runClosed) {
    case 'paused': {
      const byHand = pauseByHand(settings, now);
      const why = byHand ? `by an admin (${byHand.why})` : ', since it did not take its work or failed';
      return {
        target: 'vm',
        reason: 'vm_run_paused',
        explanation: `Cloud Run is paused${byHand ? ' ' : ''}${why}; ${vms}.`,
      };
    }
    case 'over_budget':
      return {
        target: 'vm',
        reason: 'vm_over_budget',
        explanation: `Cloud Run has cost as much as it may in an hour; ${vms}.`,
      };
    case 'lacks_model':
      return {
        target: 'vm',
        reason: 'vm_only',
        explanation: `Cloud Run does not have the model that the job names; ${vms}.`,
      };
    case 'too_large':
      return {
        target: 'vm',
        reason: 'vm_only',
        explanation: `The picture is larger than a request to Cloud Run may be; ${vms}.`,
      };
    case 'no_service':
      return {
        target: 'vm',
        reason: 'vm_only',
        explanation: `No Cloud Run service is set (SPILLWAY_RUN_URL); ${vms}.`,
      };
    default:
      return { target: 'vm', reason: 'vm_only', explanation: `Cloud Run is off; ${vms}.` };
  }
}

function timeLeft({ budgetMs }: Prediction): string {
  return budgetMs < 0
    ? `the deadline passed ${formatSeconds(-budgetMs)} ago`
    : `${formatSeconds(budgetMs)} are left`;
}

function takes(side: SidePrediction): string {
  return `would need ${formatSeconds(side.finishMs)}`;
}

/** The common practice, kept as a baseline: Cloud Run if every VM's last reported CPU load is above a limit. */
function decideByThreshold(question: RoutingQuestion, prediction: Prediction): RouteDecision {
  const { workers, settings } = question;
  if (!prediction.run) return withoutRun(question, prediction);
  const vms = liveVms(workers, settings);
  if (vms.length === 0) return { target: 'run', reason: 'run_no_vm', explanation: 'No VM takes new work.' };
  const least = Math.min(...vms.map((vm) => vm.cpu.load));
  const loads = `the least loaded VM reported ${formatShare(least)} CPU, the limit is ${formatShare(settings.threshold.cpu)}`;
  return least > settings.threshold.cpu
    ? { target: 'run', reason: 'cpu_above_threshold', explanation: `To Cloud Run: ${loads}.` }
    : { target: 'vm', reason: 'cpu_below_threshold', explanation: `To the VMs: ${loads}.` };
}
