import { picturesConfigSchema } from '@spillway/cloudrun-worker/config.ts';
import { lackingForCallers } from '@spillway/pipeline/callers/config.ts';
import { parseEnvironment } from '@spillway/pipeline/config.ts';
import { ConfigError } from '@spillway/pipeline/config-error.ts';
import type { Plan, Planned } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { type Program, programsOf } from '../programs.ts';
import { at, emailOf, numberAt, ofType, textAt } from '../read-plan.ts';

/** All that the smallest example makes, and how many of each there are; undefined for any number. */
const parts: Record<string, number | undefined> = {
  google_cloud_run_v2_service: 1,
  google_service_account: 1,
  google_cloud_run_v2_service_iam_member: 1,
  google_project_service: undefined,
};

/** What has to hold in the plan of the smallest example, which has nothing of what the other policies are about. */
export const oneBoxPolicies: Policy[] = [
  {
    name: 'One box: one service, one account, its right to call it, and nothing else',
    findings: (plan) => [
      ...plan.resources
        .filter(({ type }) => !Object.hasOwn(parts, type))
        .map(({ address }) => `${address} is not needed to send pictures to Cloud Run.`),
      ...Object.entries(parts)
        .filter(([type, count]) => count !== undefined && ofType(plan, type).length !== count)
        .map(([type]) => `There are ${ofType(plan, type).length} of ${type}.`),
    ],
  },
  {
    name: 'One box: the service is the worker, which serves pictures and can read what it is told',
    findings: (plan) =>
      withWorker(plan, ({ environment, resource }) => {
        if (environment.SPILLWAY_SERVES !== 'pictures') return [`${resource.address} serves no pictures.`];
        return [...unreadable(environment), ...unknown(environment)].map(
          (problem) => `${resource.address}: ${problem}`,
        );
      }),
  },
  {
    name: 'One box: the machine’s account may call the service, and nobody else',
    findings: (plan) =>
      withWorker(plan, ({ resource, environment, account }) => {
        const grants = ofType(plan, 'google_cloud_run_v2_service_iam_member');
        const config = picturesConfigSchema.safeParse({
          ...environment,
          K_SERVICE: textAt(resource, 'name'),
        });
        const lack = config.success ? lackingForCallers(config.data) : null;
        return [
          ...(at(resource, 'invoker_iam_disabled') === true ? ['Anybody may call the service.'] : []),
          ...grants
            .filter((grant) => emailOf(textAt(grant, 'member')) !== accountOf(plan))
            .map((grant) => `${grant.address} lets ${textAt(grant, 'member')} in.`),
          ...grants
            .filter((grant) => textAt(grant, 'role') !== 'roles/run.invoker')
            .map((grant) => `${grant.address} gives more than the right to call.`),
          ...(environment.SPILLWAY_CALLER_ACCOUNTS === accountOf(plan)
            ? []
            : ['The worker lets in another account than the machine’s.']),
          ...(account === accountOf(plan) ? [] : [`The service works as ${account}, which may do more.`]),
          ...(environment.SPILLWAY_CALL_SIGNATURES === 'removed_by_cloud_run'
            ? []
            : ['The worker refuses tokens that Cloud Run has verified.']),
          ...(lack === null ? [] : [lack]),
        ];
      }),
  },
  {
    name: 'One box: the service can be reached from the machine, at the address that its tokens are for',
    findings: (plan) =>
      withWorker(plan, ({ resource, environment }) => [
        ...(textAt(resource, 'ingress') === 'INGRESS_TRAFFIC_ALL'
          ? []
          : ['A machine outside of Google Cloud cannot reach the service.']),
        ...(environment.SPILLWAY_CALL_AUDIENCES ?? '')
          .split(',')
          .filter((audience) => !audience.startsWith(`https://${textAt(resource, 'name')}-`))
          .map((audience) => `The worker takes tokens for ${audience}, which it is not.`),
      ]),
  },
  {
    name: 'One box: slots and concurrency are one number, idle instances cost nothing, and the image is named by its digest',
    findings: (plan) =>
      withWorker(plan, ({ resource, environment }) => {
        const slots = Number(environment.SPILLWAY_SLOTS);
        const concurrency = numberAt(resource, 'template', 'max_instance_request_concurrency');
        const least = at(resource, 'template', 'scaling', 'min_instance_count') ?? 0;
        return [
          ...(slots === concurrency
            ? []
            : [`The worker has ${slots} slots, and its service a concurrency of ${concurrency}.`]),
          ...(least === 0 ? [] : [`${String(least)} instances are always there and paid for.`]),
          ...(at(resource, 'template', 'containers', 'resources', 'cpu_idle') === true
            ? []
            : ['Instances are paid for between requests.']),
          ...(/@sha256:[0-9a-f]{64}$/.test(textAt(resource, 'template', 'containers', 'image'))
            ? []
            : [`${resource.address} runs an image by a name that can be moved.`]),
        ];
      }),
  },
];

function withWorker(plan: Plan, find: (worker: Program) => string[]): string[] {
  const [worker] = programsOf(plan);
  return worker ? find(worker) : ['There is no Cloud Run worker.'];
}

/** The machine's account, by e-mail. */
function accountOf(plan: Plan): string {
  const [account] = ofType(plan, 'google_service_account');
  return account ? emailOf(textAt(account as Planned, 'email')) : '';
}

function unreadable(environment: Record<string, string>): string[] {
  try {
    parseEnvironment(picturesConfigSchema, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [error.message];
    throw error;
  }
}

function unknown(environment: Record<string, string>): string[] {
  return Object.keys(environment)
    .filter((name) => !Object.hasOwn(picturesConfigSchema.shape, name))
    .map((name) => `the worker does not read ${name} where it serves pictures.`);
}
