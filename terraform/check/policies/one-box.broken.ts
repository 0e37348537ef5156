import { added, type BrokenPlans, changed, without } from '../broken-plans.ts';
import { oneBoxPlan as plan } from '../committed-plans.ts';
import type { Plan, Values } from '../plan.ts';
import { blocksAt, ofType } from '../read-plan.ts';

const service = 'google_cloud_run_v2_service';
const grant = 'google_cloud_run_v2_service_iam_member';

/** The plan with another value of a variable of the worker. */
function told(name: string, value: string): Plan {
  const variables = blocksAt(
    ofType(plan, service)[0] as (typeof plan.resources)[number],
    'template',
    'containers',
    'env',
  );
  const others = variables.filter((each) => each.name !== name);
  return changed(plan, [service], ['template', 'containers', 'env'], [
    ...others,
    { name, value },
  ] as Values[]);
}

export const brokenOneBox: BrokenPlans = {
  'One box: one service, one account, its right to call it, and nothing else': [
    [
      /is not needed/,
      () => added(plan, ['google_service_account'], 'google_storage_bucket', { name: 'more' }),
    ],
    [
      /There are 2 of google_service_account/,
      () => added(plan, ['google_service_account'], 'google_service_account', {}),
    ],
    [/There are 0 of google_cloud_run_v2_service_iam_member/, () => without(plan, [grant])],
  ],
  'One box: the service is the worker, which serves pictures and can read what it is told': [
    [/serves no pictures/, () => told('SPILLWAY_SERVES', 'jobs')],
    [/SPILLWAY_SLOTS/, () => told('SPILLWAY_SLOTS', 'many')],
    [/does not read SPILLWAY_RESULTS_BUCKET/, () => told('SPILLWAY_RESULTS_BUCKET', 'results')],
  ],
  'One box: the machine’s account may call the service, and nobody else': [
    [/Anybody may call/, () => changed(plan, [service], ['invoker_iam_disabled'], true)],
    [/lets allUsers in/, () => changed(plan, [grant], ['member'], 'allUsers')],
    [/more than the right to call/, () => changed(plan, [grant], ['role'], 'roles/run.admin')],
    [/another account than/, () => told('SPILLWAY_CALLER_ACCOUNTS', 'a@example.com')],
    [/works as other@/, () => changed(plan, [service], ['template', 'service_account'], 'other@example.com')],
    [/refuses tokens/, () => told('SPILLWAY_CALL_SIGNATURES', 'verified')],
  ],
  'One box: the service can be reached from the machine, at the address that its tokens are for': [
    [/cannot reach/, () => changed(plan, [service], ['ingress'], 'INGRESS_TRAFFIC_INTERNAL_ONLY')],
    [
      /which it is not/,
      () => told('SPILLWAY_CALL_AUDIENCES', 'https://spillway-site-123.us-central1.run.app'),
    ],
  ],
  'One box: slots and concurrency are one number, idle instances cost nothing, and the image is named by its digest':
    [
      [
        /a concurrency of 2/,
        () => changed(plan, [service], ['template', 'max_instance_request_concurrency'], 2),
      ],
      [/always there/, () => changed(plan, [service], ['template', 'scaling', 'min_instance_count'], 1)],
      [
        /between requests/,
        () => changed(plan, [service], ['template', 'containers', 'resources', 'cpu_idle'], false),
      ],
      [
        /can be moved/,
        () => changed(plan, [service], ['template', 'containers', 'image'], 'example.com/worker:latest'),
      ],
    ],
};
