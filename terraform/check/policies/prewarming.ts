import { routingSettingsSchema } from '@spillway/core/settings.ts';
import type { Plan, Planned } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { type Program, programsOf } from '../programs.ts';
import { emailOf, madeFrom, ofType, permissionsOf, textAt } from '../read-plan.ts';
import { routingDocument } from './limits.ts';

export const prewarmingPolicies: Policy[] = [
  {
    name: 'Programs that prewarm are told of the worker’s service and may change it, and nothing else may',
    findings: (plan) => {
      const may = new Set(changers(plan));
      return programsOf(plan).flatMap((program) => {
        const { resource, account, environment } = program;
        const prewarms = isPrewarmed(plan) && sweeps(program);
        return [
          ...(prewarms && environment.SPILLWAY_RUN_SERVICE === undefined
            ? [`${resource.address} is not told which service it prewarms: SPILLWAY_RUN_SERVICE.`]
            : []),
          ...(prewarms && !may.has(account) ? [`${account} may not prewarm the worker, and has to.`] : []),
          ...(!prewarms && may.has(account) && !sharesAccount(plan, program)
            ? [`${account} may change the worker's service, and need not.`]
            : []),
        ];
      });
    },
  },
  {
    name: 'SPILLWAY_RUN_SERVICE is the worker’s service, and a program that has it may look at it',
    findings: (plan) => {
      const worker = programsOf(plan).find(({ name }) => name === 'run');
      const own = worker ? fullName(worker.resource) : null;
      return programsOf(plan).flatMap(
        ({ resource, account, environment: { SPILLWAY_RUN_SERVICE: told } }) => {
          if (told === undefined) return [];
          return [
            ...(told === own ? [] : [`${resource.address} is told of ${told}, which is not the worker.`]),
            ...(holders(plan, 'run.services.get').includes(account)
              ? []
              : [`${account} may not look at the worker's service.`]),
          ];
        },
      );
    },
  },
  {
    name: 'What prewarming sets is left alone by Terraform, and stays below what the service may have',
    findings: (plan) => {
      const settings = routingSettingsSchema.safeParse(routingDocument(plan)).data;
      if (!settings) return ['settings/routing cannot be read.'];
      const { forecast, run } = settings;
      return [
        ...(forecast.prewarming && forecast.minInstances.most > run.maxInstances
          ? [`Up to ${forecast.minInstances.most} instances are kept warm, of ${run.maxInstances}.`]
          : []),
        // What Terraform writes it would write again at each apply.
        ...ofType(plan, 'google_cloud_run_v2_service')
          .filter((service) => service.values.scaling !== undefined)
          .map(({ address }) => `${address} sets the minimum that is prewarming's.`),
      ];
    },
  },
];

/** Whether the settings of a plan let the sweep change the worker's minimum. */
export const isPrewarmed = (plan: Plan): boolean =>
  routingSettingsSchema.safeParse(routingDocument(plan)).data?.forecast.prewarming === true;

/** The functions have one account, and the sweep is one of them. */
const sweeps = ({ name, resource }: Program): boolean =>
  name === 'vm' || (name === 'functions' && textAt(resource, 'build_config', 'entry_point') === 'sweep');

const sharesAccount = (plan: Plan, { account, resource }: Program): boolean =>
  isPrewarmed(plan) &&
  programsOf(plan).some((other) => other.resource !== resource && other.account === account && sweeps(other));

/** Accounts that may change the worker's service: they need the right on it, and to deploy as its account. */
function changers(plan: Plan): string[] {
  const deployers = ofType(plan, 'google_service_account_iam_member')
    .filter((grant) => textAt(grant, 'role') === 'roles/iam.serviceAccountUser')
    .filter((grant) =>
      madeFrom(plan, grant.values.service_account_id).some(
        (account) => textAt(account, 'account_id') === 'spillway-worker',
      ),
    )
    .map((grant) => emailOf(textAt(grant, 'member')));
  return holders(plan, 'run.services.update').filter((account) => deployers.includes(account));
}

/** Accounts that have a permission on the worker's service. */
const holders = (plan: Plan, permission: string): string[] =>
  ofType(plan, 'google_cloud_run_v2_service_iam_member')
    .filter((grant) => textAt(grant, 'name') === 'spillway-worker')
    .filter((grant) => permissionsOf(plan, textAt(grant, 'role'))?.includes(permission))
    .map((grant) => emailOf(textAt(grant, 'member')));

const fullName = (service: Planned): string =>
  `projects/${textAt(service, 'project')}/locations/${textAt(service, 'location')}/services/${textAt(service, 'name')}`;
