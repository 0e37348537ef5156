import type { Plan, Planned, Value } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { type Program, programsOf } from '../programs.ts';
import { at, emailOf, madeFrom, ofType, textAt } from '../read-plan.ts';

/** A service of Google's that calls a program. */
interface Call {
  by: Planned;
  /** E-mail of the account whose token it carries. */
  account: string;
  /** The program that it calls; undefined where there is none of that name or address. */
  program: Program | undefined;
  /** What the token is for; undefined where Google's service chooses it. */
  audience: Value | undefined;
}

export const callPolicies: Policy[] = [
  {
    name: 'Google’s services call programs of this plan, with a token for the program',
    findings: (plan) =>
      callsOf(plan).flatMap(({ by, account, program, audience }) => {
        if (!program) return [`${by.address} calls no program of this plan.`];
        if (account === '') return [`${by.address} calls ${program.resource.address} without a token.`];
        if (by.type === 'google_eventarc_trigger') return [];
        if (audience === undefined) return [`${by.address} sends a token that does not say what it is for.`];
        return isMeantFor(plan, program, audience)
          ? []
          : [`${by.address} calls ${program.resource.address} with a token for something else.`];
      }),
  },
  {
    name: 'The accounts that call a program may call it, and no other account may',
    findings: (plan) => {
      const invokers = ofType(plan, 'google_cloud_run_v2_service_iam_member');
      const wanted = callsOf(plan).flatMap(({ account, program }) =>
        program ? [`${account} may call ${textAt(program.resource, 'name')}`] : [],
      );
      const given = invokers
        .filter((grant) => !isForPeople(plan, grant))
        .map((grant) => `${emailOf(textAt(grant, 'member'))} may call ${textAt(grant, 'name')}`);
      return [
        ...wanted.filter((each) => !given.includes(each)).map((each) => `It is not so that ${each}.`),
        ...given.filter((each) => !wanted.includes(each)).map((each) => `${each}, and does not.`),
      ];
    },
  },
  {
    name: 'Programs that are called check the accounts that call them',
    findings: (plan) => {
      const called = Map.groupBy(
        callsOf(plan).filter(({ program }) => program),
        ({ program }) => program?.resource.address ?? '',
      );
      return [...called].flatMap(([address, calls]) => {
        const accounts = (calls[0]?.program?.environment.SPILLWAY_CALLER_ACCOUNTS ?? '').split(',');
        return calls
          .filter(({ account }) => !accounts.includes(account))
          .map(
            ({ account }) =>
              `${address} refuses ${account}, which calls it: SPILLWAY_CALLER_ACCOUNTS lacks it.`,
          );
      });
    },
  },
  {
    name: 'Only the site and the dashboard are reached from outside, and the dashboard behind a proxy',
    findings: (plan) =>
      programsOf(plan).flatMap(({ name, resource }) => {
        const isOpen = /_ALL$/.test(
          textAt(resource, 'ingress') || textAt(resource, 'service_config', 'ingress_settings'),
        );
        const open = [`${resource.address} is reached from outside of the project.`];
        switch (name) {
          case 'vm':
          case 'site':
            return [];
          case 'admin':
            return isOpen && at(resource, 'iap_enabled') !== true && invokersOf(plan, resource).length > 0
              ? open
              : [];
          case 'functions':
          case 'run':
            return isOpen ||
              textAt(resource, 'ingress') + textAt(resource, 'service_config', 'ingress_settings') === ''
              ? open
              : [];
          default:
            return name satisfies never;
        }
      }),
  },
  {
    name: 'Both buckets of uploads tell the routing function, and Eventarc repeats what it did not take',
    findings: (plan) => {
      const triggers = ofType(plan, 'google_eventarc_trigger');
      const site = programsOf(plan).find(({ name }) => name === 'site')?.environment;
      const buckets = [site?.SPILLWAY_UPLOADS_BUCKET ?? '', site?.SPILLWAY_WEB_UPLOADS_BUCKET ?? ''];
      return [
        ...buckets
          .filter((bucket) => !triggers.some((trigger) => criteriaOf(trigger).bucket === bucket))
          .map((bucket) => `Nobody is told of what is put into ${bucket}.`),
        ...triggers.flatMap((trigger) => {
          const bucket = ofType(plan, 'google_storage_bucket').find(
            (each) => textAt(each, 'name') === criteriaOf(trigger).bucket,
          );
          return [
            ...(criteriaOf(trigger).type === 'google.cloud.storage.object.v1.finalized'
              ? []
              : [`${trigger.address} is not for finalized objects.`]),
            ...(bucket && textAt(bucket, 'location').toLowerCase() === textAt(trigger, 'location')
              ? []
              : [`${trigger.address} is in another region than its bucket, or has none.`]),
            // 1 is the only number that Eventarc takes here, and switches repeating off.
            ...(at(trigger, 'retry_policy') === undefined
              ? []
              : [`${trigger.address} tells once, and what the function does not take is lost.`]),
          ];
        }),
        ...ofType(plan, 'google_cloudfunctions2_function')
          .filter((each) => at(each, 'event_trigger') !== undefined)
          .filter((each) => textAt(each, 'event_trigger', 'retry_policy') !== 'RETRY_POLICY_RETRY')
          .map(({ address }) => `${address} is told once, and what it does not take is lost.`),
      ];
    },
  },
];

function callsOf(plan: Plan): Call[] {
  const programs = programsOf(plan);
  const named = (name: string) => programs.find(({ resource }) => textAt(resource, 'name') === name);
  const behind = (address: Value | undefined) => {
    const [resource] = madeFrom(plan, address);
    if (resource) return programs.find((program) => program.resource === resource);
    // https://spillway-worker-123456789012.us-central1.run.app/push
    const name = /^https:\/\/([\w-]+)-\d+\./.exec(String(address))?.[1];
    return name === undefined ? undefined : named(name);
  };
  return [
    ...ofType(plan, 'google_pubsub_subscription')
      .filter((each) => at(each, 'push_config') !== undefined)
      .map((by) => ({
        by,
        account: textAt(by, 'push_config', 'oidc_token', 'service_account_email'),
        program: behind(at(by, 'push_config', 'push_endpoint')),
        audience: at(by, 'push_config', 'oidc_token', 'audience'),
      })),
    ...ofType(plan, 'google_cloud_scheduler_job').map((by) => ({
      by,
      account: textAt(by, 'http_target', 'oidc_token', 'service_account_email'),
      program: behind(at(by, 'http_target', 'uri')),
      audience: at(by, 'http_target', 'oidc_token', 'audience'),
    })),
    ...ofType(plan, 'google_eventarc_trigger').map((by) => ({
      by,
      account: textAt(by, 'service_account'),
      program: named(textAt(by, 'destination', 'cloud_run_service', 'service')),
      audience: undefined,
    })),
  ];
}

/** Whether it is made from the program's own address, or is one of those that the program says it has. */
function isMeantFor(plan: Plan, { resource, environment }: Program, audience: Value): boolean {
  const own = (environment.SPILLWAY_CALL_AUDIENCES ?? '').split(',');
  return madeFrom(plan, audience).includes(resource) || own.includes(String(audience));
}

const invokersOf = (plan: Plan, service: Planned): Planned[] =>
  ofType(plan, 'google_cloud_run_v2_service_iam_member').filter(
    (grant) => textAt(grant, 'name') === textAt(service, 'name'),
  );

/** Everybody on the site, and Identity-Aware Proxy's account where it stands before a service. */
function isForPeople(plan: Plan, grant: Planned): boolean {
  const member = textAt(grant, 'member');
  const service = ofType(plan, 'google_cloud_run_v2_service').find(
    (each) => textAt(each, 'name') === textAt(grant, 'name'),
  );
  if (/^serviceAccount:service-\d+@gcp-sa-iap\.iam\.gserviceaccount\.com$/.test(member)) {
    return service !== undefined && at(service, 'iap_enabled') === true;
  }
  return member === 'allUsers' && textAt(grant, 'name') === 'spillway-site';
}

function criteriaOf(trigger: Planned): Record<string, string> {
  const criteria = at(trigger, 'matching_criteria');
  if (!Array.isArray(criteria)) return {};
  return Object.fromEntries(
    criteria.map((each) => {
      const { attribute, value } = each as { attribute: string; value: string };
      return [attribute, value];
    }),
  );
}
