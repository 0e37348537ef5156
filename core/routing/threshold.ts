import type { RouteDecision, RoutingQuestion } from './decide-route.ts';
import { liveVms } from './fleet.ts';

/** The field's habit, kept as the baseline: Cloud Run when every VM's last reported CPU is above a limit. */
export function decideByThreshold({ workers, settings }: RoutingQuestion): RouteDecision {
  const vms = liveVms(workers, settings);
  const runIsOff = !settings.run.enabled || settings.run.maxInstances === 0;
  if (vms.length === 0 && !runIsOff) {
    return { target: 'run', reason: 'run_no_vm', explanation: 'No VM takes new work.' };
  }
  if (runIsOff) return { target: 'vm', reason: 'vm_only', explanation: 'Cloud Run is off.' };
  const least = Math.min(...vms.map((vm) => vm.cpu.load));
  const figures = `the least loaded VM reported ${percent(least)} CPU, the limit is ${percent(settings.threshold.cpu)}`;
  return least > settings.threshold.cpu
    ? { target: 'run', reason: 'cpu_above_threshold', explanation: `To Cloud Run: ${figures}.` }
    : { target: 'vm', reason: 'cpu_below_threshold', explanation: `To the VMs: ${figures}.` };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
