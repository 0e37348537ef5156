import { type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example, other, userData } from '../committed-plans.ts';

const template = 'google_compute_instance_template';

export const brokenMachines: BrokenPlans = {
  'No VM has a public address': [
    [/a public address/, () => changed(example, [template], ['network_interface', 'access_config'], [{}])],
  ],
  'VMs reach Google’s services without one, and nothing else': [
    [
      /no Private Google Access/,
      () => changed(example, ['google_compute_subnetwork'], ['private_ip_google_access'], false),
    ],
    [/rest of the world/, () => without(example, ['google_compute_firewall', 'to_nothing_else'])],
    [
      /reach more than/,
      () =>
        changed(
          example,
          ['google_compute_firewall', 'to_google_services'],
          ['destination_ranges'],
          ['0.0.0.0/0'],
        ),
    ],
  ],
  'Nothing reaches a VM but health checks, and tunnels where they are allowed': [
    [
      /lets 0.0.0.0\/0 reach/,
      () =>
        changed(example, ['google_compute_firewall', 'from_health_checks'], ['source_ranges'], ['0.0.0.0/0']),
    ],
    [
      /reach port 3389/,
      () => changed(other, ['google_compute_firewall', 'from_iap'], ['allow', 'ports'], ['3389']),
    ],
  ],
  'VMs are shielded, and people get in by OS Login alone': [
    [
      /does not enable secure boot/,
      () => changed(example, [template], ['shielded_instance_config', 'enable_secure_boot'], false),
    ],
    [/enable-oslogin=TRUE/, () => changed(example, [template], ['metadata', 'enable-oslogin'], 'FALSE')],
  ],
  'A VM’s container has no more than it needs, and time to end': [
    [
      /without --read-only/,
      () => changed(example, [template], ['metadata', 'user-data'], userData.replaceAll('--read-only', '')),
    ],
    [
      /gives its container --privileged/,
      () => changed(example, [template], ['metadata', 'user-data'], `${userData} --privileged`),
    ],
  ],
  'A VM is looked at where its worker answers': [
    [
      /does not look at \/health/,
      () => changed(example, ['google_compute_health_check'], ['http_health_check', 'port'], 80),
    ],
    [
      /does not replace/,
      () =>
        changed(
          example,
          ['google_compute_region_instance_group_manager'],
          ['auto_healing_policies'],
          undefined,
        ),
    ],
  ],
  'VMs come with the work that is offered, and not with busy processors': [
    [
      /which nobody makes/,
      () =>
        changed(
          example,
          ['google_compute_region_autoscaler'],
          ['autoscaling_policy', 'metric', 'name'],
          'custom.googleapis.com/elsewhere',
        ),
    ],
    [
      /busy VMs spill/,
      () =>
        changed(
          example,
          ['google_compute_region_autoscaler'],
          ['autoscaling_policy', 'cpu_utilization', 'target'],
          0.6,
        ),
    ],
    [
      /the platform's default/,
      () =>
        changed(example, ['google_compute_region_autoscaler'], ['autoscaling_policy', 'metric'], undefined),
    ],
  ],
};
