import type { Plan, Planned } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { programsOf } from '../programs.ts';
import { at, blocksAt, numberAt, ofType, textAt, textsAt } from '../read-plan.ts';

export const machinePolicies: Policy[] = [
  {
    name: 'No VM has a public address',
    findings: (plan) =>
      templatesOf(plan).flatMap((template) =>
        blocksAt(template, 'network_interface')
          .filter(({ access_config, ipv6_access_config }) => access_config ?? ipv6_access_config)
          .map(() => `${template.address} gives its VMs a public address.`),
      ),
  },
  {
    name: 'VMs reach Google’s services without one, and nothing else',
    findings: (plan) => [
      ...ofType(plan, 'google_compute_subnetwork')
        .filter((each) => at(each, 'private_ip_google_access') !== true)
        .map(({ address }) => `${address} has no Private Google Access.`),
      ...(firewallsOf(plan, 'EGRESS').some(
        (each) => at(each, 'deny') !== undefined && textsAt(each, 'destination_ranges').includes('0.0.0.0/0'),
      )
        ? []
        : ['No rule keeps the VMs from the rest of the world.']),
      ...firewallsOf(plan, 'EGRESS')
        .filter((each) => at(each, 'allow') !== undefined)
        .filter((each) => textsAt(each, 'destination_ranges').join() !== googleServices)
        .map(({ address }) => `${address} lets VMs reach more than ${googleServices}.`),
    ],
  },
  {
    name: 'Nothing reaches a VM but health checks, and tunnels where they are allowed',
    findings: (plan) =>
      firewallsOf(plan, 'INGRESS').flatMap((each) => {
        const ranges = [...textsAt(each, 'source_ranges')].sort().join();
        const ports = blocksAt(each, 'allow').flatMap(({ ports: those }) =>
          Array.isArray(those) ? those : ['every'],
        );
        const isHealth = ranges === healthCheckers && ports.join() === healthPort(plan);
        const isTunnel = ranges === tunnels && ports.join() === '22';
        return isHealth || isTunnel
          ? []
          : [`${each.address} lets ${ranges || 'everybody'} reach port ${ports}.`];
      }),
  },
  {
    name: 'VMs are shielded, and people get in by OS Login alone',
    findings: (plan) =>
      templatesOf(plan).flatMap((template) => [
        ...['enable_secure_boot', 'enable_vtpm', 'enable_integrity_monitoring']
          .filter((name) => at(template, 'shielded_instance_config', name) !== true)
          .map((name) => `${template.address} does not ${name.replaceAll('_', ' ')}.`),
        ...Object.entries(metadata)
          .filter(([name, value]) => textAt(template, 'metadata', name).toUpperCase() !== value)
          .map(([name, value]) => `${template.address} has not ${name}=${value} in its metadata.`),
      ]),
  },
  {
    name: 'A VM’s container has no more than it needs, and time to end',
    findings: (plan) =>
      templatesOf(plan).flatMap((template) => {
        const start = textAt(template, 'metadata', 'user-data');
        const lacks = containerOptions
          .filter((option) => !start.includes(option))
          .map((option) => `${template.address} starts its container without ${option}.`);
        const refused = /--privileged|--network[= ]host|docker\.sock/.exec(start)?.[0];
        return refused ? [...lacks, `${template.address} gives its container ${refused}.`] : lacks;
      }),
  },
  {
    name: 'A VM is looked at where its worker answers',
    findings: (plan) => [
      ...ofType(plan, 'google_compute_health_check').flatMap((check) =>
        String(numberAt(check, 'http_health_check', 'port')) === healthPort(plan) &&
        textAt(check, 'http_health_check', 'request_path') === '/health'
          ? []
          : [`${check.address} does not look at /health of port ${healthPort(plan)}.`],
      ),
      ...ofType(plan, 'google_compute_region_instance_group_manager')
        .filter((each) => at(each, 'auto_healing_policies') === undefined)
        .map(({ address }) => `${address} does not replace VMs that do not work.`),
    ],
  },
  {
    name: 'VMs come with the work that is offered, and not with busy processors',
    findings: (plan) => {
      const figures = ofType(plan, 'google_monitoring_metric_descriptor').map((each) => textAt(each, 'type'));
      return ofType(plan, 'google_compute_region_autoscaler').flatMap((scaler) => {
        const metric = textAt(scaler, 'autoscaling_policy', 'metric', 'name');
        const cpu = numberAt(scaler, 'autoscaling_policy', 'cpu_utilization', 'target');
        return [
          ...(metric === '' || figures.includes(metric)
            ? []
            : [`${scaler.address} follows ${metric}, which nobody makes.`]),
          // No processor is busier than all of it, so 1 asks for no VM.
          ...(Number.isNaN(cpu) || cpu === 1
            ? []
            : [`${scaler.address} follows processors: busy VMs spill.`]),
          ...(metric === '' && Number.isNaN(cpu)
            ? [`${scaler.address} follows processors, as the platform's default.`]
            : []),
        ];
      });
    },
  },
];

/** https://cloud.google.com/vpc/docs/configure-private-google-access */
const googleServices = '199.36.153.8/30';
/** https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges */
const healthCheckers = '130.211.0.0/22,35.191.0.0/16';
/** https://cloud.google.com/iap/docs/using-tcp-forwarding */
const tunnels = '35.235.240.0/20';

const metadata = {
  'enable-oslogin': 'TRUE',
  'block-project-ssh-keys': 'TRUE',
  'serial-port-enable': 'FALSE',
};

/** Docker ends a container after 10 s where it is not told. A Spot VM has 30. */
const containerOptions = [
  '--read-only',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--user=',
  '--stop-timeout=28',
];

const templatesOf = (plan: Plan): Planned[] => ofType(plan, 'google_compute_instance_template');

const firewallsOf = (plan: Plan, direction: 'INGRESS' | 'EGRESS'): Planned[] =>
  ofType(plan, 'google_compute_firewall').filter((each) => textAt(each, 'direction') === direction);

const healthPort = (plan: Plan): string =>
  programsOf(plan).find(({ name }) => name === 'vm')?.environment.SPILLWAY_HEALTH_PORT ?? '';
