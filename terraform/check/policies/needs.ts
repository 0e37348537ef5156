import { subscriptionNames, topicNames } from '@spillway/pipeline/topics.ts';
import type { Plan, Planned } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { type Program, programsOf } from '../programs.ts';
import { emailOf, ofType, textAt } from '../read-plan.ts';

/** What programs need is said by the programs themselves: they look for it before they start. */
export const needsPolicies: Policy[] = [
  {
    name: 'Programs may use the database, and nothing else may',
    findings: (plan) => {
      const given = ofType(plan, 'google_project_iam_member').filter(
        (grant) => textAt(grant, 'role') === 'roles/datastore.user',
      );
      return differences(
        accountsOf(plan).map(({ account }) => account),
        given.map(memberOf),
        (account) => `${account} may not use the database.`,
        (account) => `${account} may use the database, and is no program.`,
      );
    },
  },
  {
    name: 'Programs publish to the topics that they need, and to no other',
    findings: (plan) =>
      accountsOf(plan).flatMap(({ account, needs }) =>
        differences(
          needs.flatMap((need) => (need.kind === 'topic' ? [topicNames[need.topic]] : [])),
          granted(plan, account, 'topic', 'roles/pubsub.publisher'),
          (topic) => `${account} may not publish to ${topic}, and needs to.`,
          (topic) => `${account} may publish to ${topic}, and need not.`,
        ),
      ),
  },
  {
    name: 'Programs read and write the buckets that they need, and no other',
    findings: (plan) =>
      accountsOf(plan).flatMap((program) => {
        const { account } = program;
        return [
          ...differences(
            bucketsOf(program, 'write'),
            granted(plan, account, 'bucket', 'roles/storage.objectUser'),
            (bucket) => `${account} may not write to ${bucket}, and needs to.`,
            (bucket) => `${account} may write to ${bucket}, and need not.`,
          ),
          ...differences(
            bucketsOf(program, 'read'),
            granted(plan, account, 'bucket', 'roles/storage.objectViewer'),
            (bucket) => `${account} may not read ${bucket}, and needs to.`,
            (bucket) => `${account} may read ${bucket}, and need not.`,
          ),
        ];
      }),
  },
  {
    name: 'VM workers pull from their subscription, the dashboard from the dead letters, and nobody else pulls',
    findings: (plan) => {
      const given = ofType(plan, 'google_pubsub_subscription_iam_member').filter(
        // Pub/Sub's own account takes out what goes to the dead letters.
        (grant) => !/^service-\d+@gcp-sa-pubsub\./.test(memberOf(grant)),
      );
      const programs = accountsOf(plan);
      const vms = programs.filter(({ name }) => name === 'vm');
      const dashboards = programs.filter(({ name }) => name === 'admin');
      return differences(
        [
          ...vms.map(({ account }) => `${account} may pull from ${subscriptionNames.vm}`),
          ...dashboards.map(({ account }) => `${account} may pull from ${subscriptionNames.dead}`),
        ],
        given.map((grant) => `${memberOf(grant)} may pull from ${textAt(grant, 'subscription')}`),
        (right) => `It is not so that ${right}.`,
        (right) => `${right}, and need not.`,
      );
    },
  },
  {
    name: 'Programs read the secrets that they are given, and nobody else does',
    findings: (plan) =>
      differences(
        accountsOf(plan).flatMap(({ account, secrets }) =>
          secrets.map((secret) => `${account} may read ${secret}`),
        ),
        ofType(plan, 'google_secret_manager_secret_iam_member').map(
          (grant) => `${memberOf(grant)} may read ${textAt(grant, 'secret_id')}`,
        ),
        (right) => `It is not so that ${right}.`,
        (right) => `${right}, and is not given it.`,
      ),
  },
];

const memberOf = (grant: Planned): string => emailOf(textAt(grant, 'member'));

/** One program for each account, and the VM worker for that of machines of one's own. */
function accountsOf(plan: Plan): Program[] {
  const programs = programsOf(plan);
  const vm = programs.find(({ name }) => name === 'vm');
  const machines = ofType(plan, 'google_service_account')
    .filter((account) => textAt(account, 'account_id') === 'spillway-machine')
    .flatMap((account) => (vm ? [{ ...vm, account: textAt(account, 'email') }] : []));
  return [...new Map([...programs, ...machines].map((program) => [program.account, program])).values()];
}

/** Names of the topics or buckets on which an account has a role. */
function granted(plan: Plan, account: string, of: 'topic' | 'bucket', role: string): string[] {
  const type = { topic: 'google_pubsub_topic_iam_member', bucket: 'google_storage_bucket_iam_member' }[of];
  return ofType(plan, type)
    .filter((grant) => textAt(grant, 'role') === role && memberOf(grant) === account)
    .map((grant) => textAt(grant, of));
}

function bucketsOf({ environment, needs }: Program, access: 'read' | 'write'): string[] {
  const names = {
    uploads: environment.SPILLWAY_UPLOADS_BUCKET ?? '',
    webUploads: environment.SPILLWAY_WEB_UPLOADS_BUCKET ?? '',
    results: environment.SPILLWAY_RESULTS_BUCKET ?? '',
  };
  const pictures = needs.flatMap((need) =>
    need.kind === 'bucket' && (need.access === 'write') === (access === 'write') ? [names[need.bucket]] : [],
  );
  const models = /^gs:\/\/([^/]+)/.exec(environment.SPILLWAY_MODELS_SOURCE ?? '')?.[1];
  return access === 'read' && models ? [...pictures, models] : pictures;
}

function differences(
  wanted: readonly string[],
  given: readonly string[],
  lacks: (each: string) => string,
  needNot: (each: string) => string,
): string[] {
  return [
    ...new Set([
      ...wanted.filter((each) => !given.includes(each)).map(lacks),
      ...given.filter((each) => !wanted.includes(each)).map(needNot),
    ]),
  ];
}
