import type { Plan, Planned } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { programsOf } from '../programs.ts';
import { at, emailOf, madeFrom, ofType, ofTypes, permissionsOf, textAt } from '../read-plan.ts';
import { isPrewarmed } from './prewarming.ts';

/** Rights that are given in a whole project, and why there is no smaller place to give them. */
const projectRoles: Record<string, string> = {
  'roles/datastore.user': 'Firestore has no rights to a part of a database.',
  'roles/eventarc.eventReceiver': 'Eventarc looks for it in the project.',
  'roles/logging.logWriter': 'A log has no rights of its own.',
  'roles/monitoring.metricWriter': 'A figure has no rights of its own.',
  'roles/pubsub.publisher': "Cloud Storage's account publishes to topics that Eventarc makes itself.",
  'roles/telemetry.tracesWriter': 'A trace has no rights of its own.',
  'roles/storage.objectViewer':
    'Cloud Functions copies archives to a bucket of its own, which a condition names.',
};

/** What roles of our own may have, and what they may have in the whole project, where nothing is smaller. */
const ownPermissions = ['run.services.get', 'run.services.update', 'run.operations.get'];
const projectPermissions = ['run.operations.get'];

/** Roles of Google's own accounts, which Google gives them where nobody asked for the account beforehand. */
const agentRole = /^roles\/[a-z]+\.serviceAgent$/;
const agent = /^serviceAccount:service-\d+@gcp-sa-[a-z]+\.iam\.gserviceaccount\.com$/;

export const rightsPolicies: Policy[] = [
  {
    name: 'No role is primitive or broad',
    findings: (plan) =>
      grantsOf(plan).flatMap((grant) => {
        const role = textAt(grant, 'role');
        if (/^roles\/(owner|editor|viewer)$/.test(role))
          return [`${grant.address} gives the primitive ${role}.`];
        if (/admin/i.test(role)) return [`${grant.address} gives the broad ${role}.`];
        if (role.startsWith('roles/')) return [];
        const permissions = permissionsOf(plan, role);
        if (permissions === null) return [`${grant.address} gives "${role}", which is not Google's.`];
        return permissions
          .filter((permission) => !ownPermissions.includes(permission))
          .map((permission) => `${grant.address} gives the broad ${permission}.`);
      }),
  },
  {
    name: 'Rights in the whole project are only those that have no smaller place',
    findings: (plan) => {
      const programs = new Set(programsOf(plan).map(({ account }) => account));
      return ofType(plan, 'google_project_iam_member').flatMap((grant) => {
        const role = textAt(grant, 'role');
        if (agentRole.test(role)) {
          return agent.test(textAt(grant, 'member'))
            ? []
            : [`${grant.address} gives ${role} to another account than Google's own.`];
        }
        if (permissionsOf(plan, role)?.every((each) => projectPermissions.includes(each))) return [];
        if (!(role in projectRoles)) return [`${grant.address} gives ${role} in the whole project.`];
        switch (role) {
          case 'roles/pubsub.publisher':
            return programs.has(emailOf(textAt(grant, 'member')))
              ? [`${grant.address} lets a program publish to every topic.`]
              : [];
          case 'roles/storage.objectViewer':
            return at(grant, 'condition', 'expression') === undefined
              ? [`${grant.address} gives ${role} in the whole project, and has no condition.`]
              : [];
          default:
            return [];
        }
      });
    },
  },
  {
    name: 'Rights are added one by one, and take away none that others gave',
    findings: (plan) =>
      ofTypes(plan, /_iam_(binding|policy)$/).map(
        ({ address }) => `${address} takes rights from everybody whom it does not name.`,
      ),
  },
  {
    name: 'Everybody may open the site, and do nothing else',
    findings: (plan) => [
      ...grantsOf(plan)
        .filter((grant) => /^all(Authenticated)?Users$/.test(textAt(grant, 'member')))
        .map((grant) => `${grant.address} gives everybody ${textAt(grant, 'role')}.`),
      ...ofType(plan, 'google_cloud_run_v2_service')
        .filter((service) => at(service, 'invoker_iam_disabled') === true)
        .filter((service) => textAt(service, 'name') !== 'spillway-site')
        .map((service) => `${service.address} lets everybody in.`),
    ],
  },
  {
    name: 'Every program has an account of its own, and every account is used',
    findings: (plan) => {
      const accounts = ofType(plan, 'google_service_account').map((account) => textAt(account, 'email'));
      const programs = programsOf(plan);
      const used = accountsInUse(plan);
      const sharing = [...Map.groupBy(programs, ({ account }) => account)].filter(
        ([, those]) => new Set(those.map(({ name }) => name)).size > 1,
      );
      return [
        ...programs
          .filter(({ account }) => !accounts.includes(account))
          .map(({ resource }) => `${resource.address} runs as an account that is not made here.`),
        ...sharing.map(([account, those]) => {
          return `${those.map(({ resource }) => resource.address).join(' and ')} share the account ${account}.`;
        }),
        ...accounts.filter((account) => !used.has(account)).map((account) => `Nothing works as ${account}.`),
      ];
    },
  },
  {
    name: 'An account signs as itself, machines work as theirs, and programs that prewarm may deploy as the worker',
    findings: (plan) =>
      ofType(plan, 'google_service_account_iam_member').flatMap((grant) => {
        const [account] = madeFrom(plan, at(grant, 'service_account_id'));
        const role = textAt(grant, 'role');
        switch (role) {
          case 'roles/iam.serviceAccountTokenCreator':
            return account && textAt(account, 'email') === emailOf(textAt(grant, 'member'))
              ? []
              : [`${grant.address} lets an account sign as another one.`];
          case 'roles/iam.workloadIdentityUser':
            return account && textAt(account, 'account_id') === 'spillway-machine'
              ? []
              : [`${grant.address} lets machines work as another account than theirs.`];
          case 'roles/iam.serviceAccountUser':
            return account && textAt(account, 'account_id') === 'spillway-worker' && isPrewarmed(plan)
              ? []
              : [`${grant.address} gives ${role} on an account.`];
          default:
            return [`${grant.address} gives ${role} on an account.`];
        }
      }),
  },
];

const grantsOf = (plan: Plan): Planned[] => ofTypes(plan, /_iam_member$/);

/** E-mails of accounts that a program runs as, that carry a call, or that a machine works as. */
function accountsInUse(plan: Plan): Set<string> {
  const emails = (resources: Planned[], ...path: string[]) => resources.map((each) => textAt(each, ...path));
  const references = (resources: Planned[], ...path: string[]) =>
    resources.flatMap((each) => emails(madeFrom(plan, at(each, ...path)), 'email'));
  const machines = ofType(plan, 'google_service_account').filter(
    (each) => textAt(each, 'account_id') === 'spillway-machine',
  );
  return new Set([
    ...programsOf(plan).map(({ account }) => account),
    ...references(ofType(plan, 'google_cloudfunctions2_function'), 'build_config', 'service_account'),
    ...emails(ofType(plan, 'google_eventarc_trigger'), 'service_account'),
    ...emails(
      ofType(plan, 'google_pubsub_subscription'),
      ...['push_config', 'oidc_token', 'service_account_email'],
    ),
    ...emails(
      ofType(plan, 'google_cloud_scheduler_job'),
      ...['http_target', 'oidc_token', 'service_account_email'],
    ),
    ...emails(machines, 'email'),
  ]);
}
