const labels: Record<string, string> = {
  reserved: 'being decided',
  vm_in_time: 'VM in time',
  vm_sooner: 'VM sooner',
  vm_only: 'only VMs can',
  run_vm_late: 'VMs too late',
  run_no_vm: 'no VM takes work',
  cpu_below_threshold: 'processors idle enough',
  cpu_above_threshold: 'processors too busy',
};

/** A routing reason in two or three words; an unknown one as it is. */
export function reasonLabel(reason: string): string {
  return labels[reason] ?? reason.replaceAll('_', ' ');
}
