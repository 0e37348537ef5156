import { type CallerConfig, lackingForCallers } from '@spillway/pipeline/callers/config.ts';
import type { Plan, Planned, Value } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { type Program, programsOf } from '../programs.ts';
import { at, emailOf, madeFrom, ofType, permissionsOf, textAt } from '../read-plan.ts';

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
        .filter((grant) => permissionsOf(plan, textAt(grant, 'role'))?.includes('run.routes.invoke') ?? true)
        .map((grant) => `${emailOf(textAt(grant, 'member'))} may call ${textAt(grant, 'name')}`);
      return [
        ...wanted.filter((each) => !given.includes(each)).map((each) => `It is not so that ${each}.`),
        ...given.filter((each) => !wanted.includes(each)).map((each) => `${each}, and does not.`),
      ];
    },
  },
  {
    name: 'Programs check who calls them: the accounts that do, with tokens for their own address',
    findings: (plan) => {
      const calls = callsOf(plan);
      return programsOf(plan).flatMap((program) => {
        const { resource, environment } = program;
        const callers = new Set(
          calls.filter((call) => call.program?.resource === resource).map(({ account }) => account),
        );
        const allowed = listed(environment.SPILLWAY_CALLER_ACCOUNTS);
        if (callers.size === 0 && allowed.length === 0) return [];
        const isOwn = (audience: string) => audience.includes(textAt(resource, 'name'));
        return [
          ...[...callers]
            .filter((account) => !allowed.includes(account))
            .map((account) => `${resource.address} refuses ${account}, which calls it.`),
          ...allowed
            .filter((account) => !callers.has(account))
            .map((account) => `${resource.address} lets ${account} in, which does not call it.`),
          ...listed(environment.SPILLWAY_CALL_AUDIENCES)
            .filter((audience) => !isOwn(audience))
            .map((audience) => `${resource.address} takes tokens for ${audience}, which it is not.`),
          ...lackOf(program),
        ];
      });
    },
  },
  {
    name: 'The dashboard takes the proxy’s word for itself alone',
    findings: (plan) =>
      programsOf(plan).flatMap(({ resource, environment }) => {
        const isBehindProxy = at(resource, 'iap_enabled') === true;
        const audience = environment.SPILLWAY_IAP_AUDIENCE;
        if (!isBehindProxy) {
          return audience === undefined ? [] : [`${resource.address} believes a proxy that is not there.`];
        }
        const own = `/locations/${textAt(resource, 'location')}/services/${textAt(resource, 'name')}`;
        return /^\/projects\/\d+\//.test(audience ?? '') && audience?.endsWith(own)
          ? []
          : [`${resource.address} does not check that the proxy's word is for it: ${audience ?? 'nothing'}.`];
      }),
  },
  {
    name: 'Tokens without their signatures are taken only where Cloud Run has verified them',
    findings: (plan) =>
      programsOf(plan)
        .filter(({ environment }) => environment.SPILLWAY_CALL_SIGNATURES === 'removed_by_cloud_run')
        .filter(({ resource }) => isOpenToAll(plan, resource))
        .map(
          ({ resource }) =>
            `Anybody may call ${resource.address}, which would believe every token: SPILLWAY_CALL_SIGNATURES.`,
        ),
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
    name: 'Each bucket of uploads tells a routing function of its own, and Eventarc repeats what it did not take',
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
        ...triggers
          .map((trigger) => textAt(trigger, 'destination', 'cloud_run_service', 'service'))
          .filter((service, index, all) => all.indexOf(service) !== index)
          .map(
            (service) => `${service} is told of both buckets: the site's uploads wait behind integrators'.`,
          ),
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
  const own = listed(environment.SPILLWAY_CALL_AUDIENCES);
  return madeFrom(plan, audience).includes(resource) || own.includes(String(audience));
}

const listed = (text: string | undefined): string[] => (text ?? '').split(',').filter(Boolean);

/** What the program itself would say that it lacks to check its callers. */
function lackOf({ name, resource, environment, read }: Program): string[] {
  if (name !== 'functions' && name !== 'run') return [];
  // Cloud Run sets it.
  const lack = lackingForCallers(
    read({ ...environment, K_SERVICE: textAt(resource, 'name') }) as CallerConfig,
  );
  return lack === null ? [] : [`${resource.address}: ${lack}`];
}

const invokersOf = (plan: Plan, service: Planned): Planned[] =>
  ofType(plan, 'google_cloud_run_v2_service_iam_member').filter(
    (grant) => textAt(grant, 'name') === textAt(service, 'name'),
  );

/** Whether Cloud Run lets calls in without looking who calls. */
function isOpenToAll(plan: Plan, service: Planned): boolean {
  return (
    at(service, 'invoker_iam_disabled') === true ||
    invokersOf(plan, service).some((grant) => /^all/.test(textAt(grant, 'member')))
  );
}

/** The right of Identity-Aware Proxy's account, where it stands before a service. */
function isForPeople(plan: Plan, grant: Planned): boolean {
  const service = ofType(plan, 'google_cloud_run_v2_service').find(
    (each) => textAt(each, 'name') === textAt(grant, 'name'),
  );
  return (
    /^serviceAccount:service-\d+@gcp-sa-iap\.iam\.gserviceaccount\.com$/.test(textAt(grant, 'member')) &&
    service !== undefined &&
    at(service, 'iap_enabled') === true
  );
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
