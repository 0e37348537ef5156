import type { Prediction } from '../job.ts';
import { withoutRun } from './deadline.ts';
import type { RouteDecision, RoutingQuestion } from './decide-route.ts';
import { liveVms } from './fleet.ts';

/** The field's habit, kept as the baseline: Cloud Run when every VM's last reported CPU is above a limit. */
export function decideByThreshold(
  { workers, settings }: RoutingQuestion,
  prediction: Prediction,
): RouteDecision {
  if (!prediction.run) return withoutRun(prediction);
  const vms = liveVms(workers, settings);
  if (vms.length === 0) return { target: 'run', reason: 'run_no_vm', explanation: 'No VM takes new work.' };
  const least = Math.min(...vms.map((vm) => vm.cpu.load));
  const figures = `the least loaded VM reported ${percent(least)} CPU, the limit is ${percent(settings.threshold.cpu)}`;
  return least > settings.threshold.cpu
    ? { target: 'run', reason: 'cpu_above_threshold', explanation: `To Cloud Run: ${figures}.` }
    : { target: 'vm', reason: 'cpu_below_threshold', explanation: `To the VMs: ${figures}.` };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
