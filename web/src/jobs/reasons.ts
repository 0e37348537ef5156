import type { Route } from '@spillway/core/job.ts';

const labels: Record<Route['reason'], string> = {
  reserved: 'being decided',
  vm_in_time: 'VMs, in time',
  vm_sooner: 'VMs, sooner',
  vm_only: 'VMs, as only they could',
  vm_run_paused: 'VMs, as Cloud Run was paused',
  vm_over_budget: 'VMs, as Cloud Run had spent its budget',
  run_vm_late: 'Cloud Run, as the VMs were too late',
  run_cheaper: 'Cloud Run, cheaper',
  run_no_vm: 'Cloud Run, as no VM took work',
  run_probe: 'Cloud Run, tried out',
  cpu_below_threshold: 'VMs, processors idle enough',
  cpu_above_threshold: 'Cloud Run, processors too busy',
};

const known: Record<string, string | undefined> = labels;

/** A routing reason in some words, the side that it led to first; an unknown one as it is. */
export function reasonLabel(reason: string): string {
  return known[reason] ?? reason.replaceAll('_', ' ');
}
