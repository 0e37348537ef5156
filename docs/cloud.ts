import { readExtract } from '../terraform/check/extract-file.ts';
import { type Plan, type Planned, planExtract } from '../terraform/check/plan.ts';
import { programsOf } from '../terraform/check/programs.ts';
import { at, blocksAt, madeFrom, ofType, ofTypes, textAt } from '../terraform/check/read-plan.ts';

/** What documents say of Google Cloud, read from the plan that Terraform makes of the example. */
const example = readExtract('example', planExtract);

/** One right: an account, a role, and on what. */
interface Grant {
  account: string;
  role: string;
  /** `null`: the whole project. */
  place: string | null;
}

/** Who may do what, as a table: a row for each account that is made, with what it is for. */
export function rightsTable(): string {
  const grants = grantsOf(example);
  const rows = ofType(example, 'google_service_account').map((account) => {
    const name = textAt(account, 'account_id');
    const byRole = Map.groupBy(
      grants.filter((grant) => grant.account === name),
      ({ role }) => role,
    );
    const rights = [...byRole].sort(([role], [other]) => role.localeCompare(other)).map(rightsOfRole);
    return `| \`${name}\` | ${textAt(account, 'description')} | ${rights.join('; ')} |`;
  });
  return ['| account | what it is | rights |', '|---|---|---|', ...rows].join('\n');
}

/** Why a role is given. */
const reasons: Record<string, string> = {
  'artifactregistry.reader': 'VMs pull their image',
  'artifactregistry.writer': 'Cloud Build keeps what it makes of the functions',
  'datastore.user':
    'jobs, heartbeats and settings are documents. Firestore has no rights to a part of a database',
  'eventarc.eventReceiver': 'Eventarc looks for it before it delivers; it knows it in the project only',
  'iam.serviceAccountTokenCreator':
    'an account signs as itself, for addresses of large pictures, so that no program has a key',
  'logging.logWriter': 'agents of VMs, and Cloud Build, write logs. A log has no rights of its own',
  'monitoring.metricWriter':
    'metrics, by which VMs are scaled and people are told. A metric has no rights of its own',
  'pubsub.publisher': 'messages of jobs, and the events of their ends',
  'pubsub.subscriber': 'VM workers pull their messages',
  'run.invoker': 'Google’s services call programs, each with the tokens of an account of its own',
  'run.viewer': 'the dashboard shows the worker’s revisions, limits and instances',
  'secretmanager.secretAccessor': 'what signs cookies, and the token of a dashboard without a proxy',
  'storage.bucketViewer': 'the site says what deleting does, which is a setting of the bucket',
  'storage.objectUser': 'to write results, and to delete for the person whose picture it is',
  'telemetry.tracesWriter': 'spans of jobs. A trace has no rights of its own',
  'storage.objectViewer': 'to read pictures, models and archives',
};

/** Each role that is given to an account of Spillway's own, and why, as a table. */
export function rolesTable(): string {
  const grants = grantsOf(example);
  const roles = grants
    .filter(({ account }) => account.startsWith('spillway-'))
    .map(({ role }) => shortRole(role));
  const rows = [...new Set(roles)].sort().map((role) => {
    const why = reasons[role];
    if (why === undefined) throw new Error(`Say in docs/cloud.ts why ${role} is given.`);
    return `| \`${role}\` | ${why} |`;
  });
  return ['| role | why |', '|---|---|', ...rows].join('\n');
}

const shortRole = (role: string): string => role.replace('roles/', '');

function rightsOfRole([role, grants]: [string, Grant[]]): string {
  const places = [...new Set(grants.map(({ place }) => place))]
    .sort()
    .map((place) => (place === null ? 'the project' : `\`${place}\``));
  return `\`${shortRole(role)}\` on ${places.join(', ')}`;
}

/** A job's way through the cloud, and the account that each part works as, as a Mermaid diagram. */
export function cloudDiagram(): string {
  const grants = grantsOf(example);
  return [
    'flowchart LR',
    '  visitor(("visitor")) --> site',
    '  visitor -->|"signed address"| web-uploads[("web-uploads")]',
    '  integrator(("integrator")) --> uploads[("uploads")]',
    '  person(("admin")) -->|"Identity-Aware Proxy"| admin',
    ...programBoxes(example),
    ...[...calls(example), ...messages(example, grants), ...results(grants)].map(arrow),
  ].join('\n');
}

/** Which program reads and writes which data, as a table. */
export function dataTable(): string {
  const grants = grantsOf(example);
  const buckets = ['uploads', 'web-uploads', 'results', 'models'];
  const rows = [...new Set(servicesOf(example).map(({ account }) => account))].map((account) => {
    const own = grants.filter((grant) => grant.account === account);
    const has = (role: string, place: string | null) =>
      own.some((grant) => grant.role === `roles/${role}` && grant.place === place);
    const inBucket = (bucket: string) =>
      has('storage.objectUser', bucket)
        ? 'reads, writes'
        : has('storage.objectViewer', bucket)
          ? 'reads'
          : '';
    const topics = own.filter(({ role }) => role === 'roles/pubsub.publisher').map(({ place }) => place);
    const cells = [
      `\`${account}\``,
      ...buckets.map(inBucket),
      has('datastore.user', null) ? 'reads, writes' : '',
      topics.sort().join(', '),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = ['account', ...buckets, 'Firestore', 'publishes to'];
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
}

interface Arrow {
  from: string;
  to: string;
  label: string | null;
}

const arrow = ({ from, to, label }: Arrow): string =>
  label === null ? `  ${from} --> ${to}` : `  ${from} -->|"${label}"| ${to}`;

/** Services by the account that they run as. */
function programBoxes(plan: Plan): string[] {
  return [...Map.groupBy(servicesOf(plan), ({ account }) => account)].map(([account, services]) => {
    const names = services.map(({ name }) => name).sort();
    return `  ${partOf(account)}["${names.join(', ')}<br/>as ${account}"]`;
  });
}

/** Who calls a service, with whose tokens. */
function calls(plan: Plan): Arrow[] {
  const byService = new Map(servicesOf(plan).map(({ name, account }) => [name, partOf(account)]));
  const to = (service: string) => byService.get(partOf(service)) ?? partOf(service);
  return [
    ...ofType(plan, 'google_eventarc_trigger').map((trigger) => {
      const [bucket] = blocksAt(trigger, 'matching_criteria').filter((each) => each.attribute === 'bucket');
      return {
        from: short(plan, String(bucket?.value)),
        to: to(textAt(trigger, 'destination', 'cloud_run_service', 'service')),
        label: `Eventarc, as ${accountOf(textAt(trigger, 'service_account'))}`,
      };
    }),
    ...oneEach(
      ofType(plan, 'google_cloud_scheduler_job').map((job) => ({
        from: 'scheduler(["Cloud Scheduler"])',
        to: to(textAt(job, 'name')),
        label: `as ${accountOf(textAt(job, 'http_target', 'oidc_token', 'service_account_email'))}`,
      })),
    ),
  ];
}

/** How messages come from the routing function to a worker. Site and workers publish too, when a job is retried or moved. */
function messages(plan: Plan, grants: Grant[]): Arrow[] {
  return ofType(plan, 'google_pubsub_subscription').flatMap((subscription): Arrow[] => {
    const name = textAt(subscription, 'name');
    const [topic] = madeFrom(plan, at(subscription, 'topic'));
    const [endpoint] = madeFrom(plan, at(subscription, 'push_config', 'push_endpoint'));
    const puller = grants.find(
      ({ place, role, account }) =>
        place === name && /subscriber/.test(role) && account.startsWith('spillway-'),
    );
    const from = topic ? `${textAt(topic, 'name')}[["${textAt(topic, 'name')}"]]` : name;
    const published: Arrow = { from: 'functions', to: from, label: null };
    if (endpoint) {
      const pusher = accountOf(textAt(subscription, 'push_config', 'oidc_token', 'service_account_email'));
      return [published, { from, to: partOf(textAt(endpoint, 'name')), label: `${name}, as ${pusher}` }];
    }
    return puller ? [published, { from, to: partOf(puller.account), label: name }] : [];
  });
}

function results(grants: Grant[]): Arrow[] {
  return grants
    .filter(({ place, role }) => place === 'results' && role === 'roles/storage.objectUser')
    .filter(({ account }) => ['spillway-vm', 'spillway-worker'].includes(account))
    .map(({ account }) => ({ from: partOf(account), to: 'results[("results")]', label: null }));
}

function oneEach(arrows: Arrow[]): Arrow[] {
  return [...new Map(arrows.map((each) => [JSON.stringify(each), each])).values()];
}

function servicesOf(plan: Plan): { name: string; account: string }[] {
  return programsOf(plan).map(({ name, resource, account }) => ({
    name: name === 'vm' ? 'VMs' : partOf(textAt(resource, 'name')),
    account: accountOf(account),
  }));
}

/** What a right is given on, by the attribute that names it. */
const placeNames = [
  'bucket',
  'topic',
  'subscription',
  'secret_id',
  'name',
  'repository',
  'service_account_id',
  'cloud_run_service_name',
];

function grantsOf(plan: Plan): Grant[] {
  return ofTypes(plan, /_iam_member$/).map((grant) => {
    const member = textAt(grant, 'member');
    const isProject = grant.type === 'google_project_iam_member';
    return {
      account: accountOf(member.replace(/^serviceAccount:/, '')),
      role: textAt(grant, 'role'),
      place: isProject ? null : placeOf(plan, grant),
    };
  });
}

function placeOf(plan: Plan, grant: Planned): string {
  for (const name of placeNames) {
    const value = at(grant, name);
    if (typeof value === 'string') return short(plan, value);
    const [made] = madeFrom(plan, value);
    if (made) return textAt(made, 'account_id') || textAt(made, 'repository_id') || textAt(made, 'name');
  }
  throw new Error(`${grant.address} gives a right on something that is not known here (docs/cloud.ts).`);
}

/** `uploads` of `example-pictures-spillway-uploads`: names of buckets begin with the project. */
function short(plan: Plan, name: string): string {
  const prefixes = ofType(plan, 'google_storage_bucket').map((bucket) => textAt(bucket, 'project'));
  return name.replace(`${prefixes[0]}-spillway-`, '');
}

/** `spillway-vm` of its e-mail. */
const accountOf = (email: string): string => email.split('@')[0] ?? email;
const partOf = (name: string): string => name.replace(/^spillway-/, '');
