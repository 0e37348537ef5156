import type { Route } from '@spillway/core/job.ts';

const labels: Record<Route['reason'], string> = {
  reserved: 'being decided',
  vm_in_time: 'VM in time',
  vm_sooner: 'VM sooner',
  vm_only: 'only VMs can',
  vm_run_paused: 'Cloud Run paused',
  vm_over_budget: 'Cloud Run over budget',
  run_vm_late: 'VMs too late',
  run_cheaper: 'cheaper than the VMs',
  run_no_vm: 'no VM takes work',
  run_probe: 'tries out Cloud Run',
  cpu_below_threshold: 'processors idle enough',
  cpu_above_threshold: 'processors too busy',
};

const known: Record<string, string | undefined> = labels;

/** A routing reason in two or three words; an unknown one as it is. */
export function reasonLabel(reason: string): string {
  return known[reason] ?? reason.replaceAll('_', ' ');
}
