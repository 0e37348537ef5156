import type { PubSub } from '@google-cloud/pubsub';
import type { Storage } from '@google-cloud/storage';
import { RefusedError } from '@spillway/core/errors.ts';
import type { Target } from '@spillway/core/job.ts';
import type { Buckets } from '../ports/ports.ts';
import type { Finding, Need, Preflight } from '../ports/preflight.ts';
import { subscriptionNames, topicNames } from '../topics.ts';
import { type Answer, answerOf, missingOr } from './cloud-answers.ts';
import type { MonitoringMetrics } from './metrics.ts';
import { createIndexCommand } from './missing-index.ts';

/** The cloud as the checks before the start look at it. */
export interface CheckedCloud {
  project: string;
  pubsub: PubSub;
  storage: Storage;
  buckets: Buckets;
  /** Null where this program writes no metric. */
  metrics: Pick<MonitoringMetrics, 'lookUp'> | null;
  /** Reads one document. */
  readDatabase: () => Promise<unknown>;
  /** Makes each query once, with a result as small as can be. */
  queries: Record<Extract<Need, { kind: 'indexes' }>['of'], () => Promise<unknown>[]>;
}

const permissions = {
  read: ['storage.objects.get'],
  list: ['storage.objects.get', 'storage.objects.list'],
  write: ['storage.objects.get', 'storage.objects.list', 'storage.objects.create', 'storage.objects.delete'],
} as const;
const bucketRoles = {
  read: 'roles/storage.objectViewer',
  list: 'roles/storage.objectViewer',
  write: 'roles/storage.objectUser',
} as const;

/** What Spillway's subscription of the VMs is created with. */
const pullOptions =
  `--topic=${topicNames.vm} --ack-deadline=20 --expiration-period=never ` +
  `--dead-letter-topic=${topicNames.dead} --max-delivery-attempts=100 --min-retry-delay=1s --max-retry-delay=30s`;

/**
 * Looks at things themselves and at the permissions on them. A program that may publish to a topic is often not allowed
 * to look at it, so a refused look is no lack while the permission is there.
 */
export function createPreflight(cloud: CheckedCloud): Preflight {
  const { project, pubsub, storage, buckets } = cloud;
  const inProject = `--project=${project}`;
  const createBucket = (name: string) =>
    `gcloud storage buckets create gs://${name} --uniform-bucket-level-access ${inProject}`;

  /** Emulators want no credentials, and the client knows whether it talks to one. */
  async function examineCredentials(): Promise<Finding | null> {
    if (pubsub.isEmulator) return null;
    const client = await answerOf('Google', storage.authClient.getClient());
    return client.kind === 'no_credentials' ? noCredentials : null;
  }

  async function examineTopic(name: string): Promise<Finding | null> {
    const topic = pubsub.topic(name);
    const permission = 'pubsub.topics.publish';
    const [there, granted] = await Promise.all([
      answerOf('Pub/Sub', topic.getMetadata()),
      answerOf('Pub/Sub', topic.iam.testPermissions(permission)),
    ]);
    return accessFinding(there, mayAll(granted, [permission]), {
      thing: `topic ${name}`,
      service: 'pubsub.googleapis.com',
      use: 'publish to it',
      create: `gcloud pubsub topics create ${name} ${inProject}`,
      grant: async () =>
        `gcloud pubsub topics add-iam-policy-binding ${name} ${await member()} --role=roles/pubsub.publisher ${inProject}`,
    });
  }

  async function examineVmSubscription(): Promise<Finding | null> {
    const name = subscriptionNames.vm;
    const subscription = pubsub.subscription(name);
    const permission = 'pubsub.subscriptions.consume';
    const [there, granted] = await Promise.all([
      answerOf('Pub/Sub', subscription.getMetadata()),
      answerOf('Pub/Sub', subscription.iam.testPermissions(permission)),
    ]);
    const finding = await accessFinding(there, mayAll(granted, [permission]), {
      thing: `subscription ${name}`,
      service: 'pubsub.googleapis.com',
      use: 'pull from it',
      create: `gcloud pubsub subscriptions create ${name} ${pullOptions} ${inProject}`,
      grant: async () =>
        `gcloud pubsub subscriptions add-iam-policy-binding ${name} ${await member()} --role=roles/pubsub.subscriber ${inProject}`,
    });
    return finding ?? expirationFinding(name, there);
  }

  async function examineExpiration(target: Target | 'dead'): Promise<Finding | null> {
    const name = subscriptionNames[target];
    return expirationFinding(name, await answerOf('Pub/Sub', pubsub.subscription(name).getMetadata()));
  }

  /** Google deletes a subscription that nobody uses for 31 days, unless its policy has no time. */
  function expirationFinding(name: string, there: Answer<[Subscription, ...unknown[]]>): Finding | null {
    if (there.kind !== 'value') return null;
    const [{ expirationPolicy }] = there.value;
    if (expirationPolicy && !expirationPolicy.ttl) return null;
    return {
      kind: 'warning',
      what: `The subscription ${name} expires when nobody uses it for a while, and what is published after that is lost.`,
      mend: `gcloud pubsub subscriptions update ${name} --expiration-period=never ${inProject}`,
    };
  }

  async function examineBucket({
    bucket,
    access,
  }: Extract<Need, { kind: 'bucket' }>): Promise<Finding | null> {
    const name = buckets[bucket];
    const wanted = [...permissions[access]];
    const handle = storage.bucket(name);
    const [there, granted] = await Promise.all([
      answerOf('Cloud Storage', handle.getMetadata()),
      answerOf('Cloud Storage', handle.iam.testPermissions(wanted)),
    ]);
    return accessFinding(missingOr(there, granted), mayAll(granted, wanted), {
      thing: `bucket ${name}`,
      service: 'storage.googleapis.com',
      use: access === 'write' ? 'read and write its objects' : 'read its objects',
      create: createBucket(name),
      grant: async () =>
        `gcloud storage buckets add-iam-policy-binding gs://${name} ${await member()} --role=${bucketRoles[access]}`,
    });
  }

  async function examineDatabase(): Promise<Finding | null> {
    const there = await answerOf('Firestore', cloud.readDatabase());
    return accessFinding(there, null, {
      thing: 'database (default) of Firestore',
      service: 'firestore.googleapis.com',
      use: 'read it',
      create: `gcloud firestore databases create --location=REGION ${inProject}`,
      grant: async () =>
        `gcloud projects add-iam-policy-binding ${project} ${await member()} --role=roles/datastore.user`,
    });
  }

  /** Without it the program works, and the pool of VMs stays as it is. Nobody has to make a metric: writing it does. */
  async function examineMetrics(): Promise<Finding | null> {
    if (cloud.metrics === null) return null;
    const { kind } = await answerOf('Cloud Monitoring', cloud.metrics.lookUp());
    const warning = (what: string, mend: string): Finding => ({ kind: 'warning', what, mend });
    if (kind === 'api_off') return warning(apiIsOff(monitoringApi), enable(monitoringApi));
    if (kind !== 'denied') return null;
    return warning(
      'This program may not write metrics: alarms miss what it sees, and VMs cannot follow the offered work.',
      `gcloud projects add-iam-policy-binding ${project} ${await member()} --role=roles/monitoring.metricWriter`,
    );
  }

  async function examineIndexes({ of }: Extract<Need, { kind: 'indexes' }>): Promise<Finding | null> {
    const answers = await Promise.all(cloud.queries[of]().map((query) => answerOf('Firestore', query)));
    const missing = answers.flatMap((answer) => (answer.kind === 'no_index' ? answer.words : []));
    if (missing.length === 0) return null;
    const commands = missing.map((words) => createIndexCommand(words, project));
    const all = 'firebase deploy --only firestore:indexes # with pipeline/gcp/firestore.indexes.json';
    return {
      kind: 'lack',
      what: `Firestore lacks ${missing.length} of the indexes that the queries of ${of} need.`,
      mend: [...new Set(commands.map((command) => command ?? all))].join('; '),
    };
  }

  async function examineThere(
    thing: string,
    looking: Promise<unknown>,
    create: string,
  ): Promise<Finding | null> {
    const there = await answerOf('Google', looking);
    if (there.kind === 'missing') return { kind: 'lack', what: `The ${thing} does not exist.`, mend: create };
    if (there.kind === 'denied') throw new RefusedError(`This account may not look at the ${thing}.`);
    if (there.kind === 'no_credentials') return noCredentials;
    return null;
  }

  function examineTopicThere(topic: keyof typeof topicNames): Promise<Finding | null> {
    const name = topicNames[topic];
    const create = `gcloud pubsub topics create ${name} ${inProject}`;
    return examineThere(`topic ${name}`, pubsub.topic(name).getMetadata(), create);
  }

  function examineSubscriptionThere(target: keyof typeof subscriptionNames): Promise<Finding | null> {
    const name = subscriptionNames[target];
    const create = `terraform -chdir=terraform apply # makes the subscription with all its settings`;
    return examineThere(`subscription ${name}`, pubsub.subscription(name).getMetadata(), create);
  }

  function examineBucketThere(bucket: keyof Buckets): Promise<Finding | null> {
    const name = buckets[bucket];
    return examineThere(`bucket ${name}`, storage.bucket(name).getMetadata(), createBucket(name));
  }

  /** The account of this program, where the metadata server or a key says it. */
  async function member(): Promise<string> {
    const credentials = await storage.authClient.getCredentials().catch(() => null);
    return `--member=serviceAccount:${credentials?.client_email ?? 'ACCOUNT_OF_THIS_PROGRAM'}`;
  }

  return {
    async examine(need) {
      switch (need.kind) {
        case 'credentials':
          return examineCredentials();
        case 'database':
          return examineDatabase();
        case 'indexes':
          return examineIndexes(need);
        case 'topic':
          return examineTopic(topicNames[need.topic]);
        case 'vm_subscription':
          return examineVmSubscription();
        case 'topic_there':
          return examineTopicThere(need.topic);
        case 'subscription_there':
          return examineSubscriptionThere(need.subscription);
        case 'bucket_there':
          return examineBucketThere(need.bucket);
        case 'no_expiration':
          return examineExpiration(need.subscription);
        case 'bucket':
          return examineBucket(need);
        case 'metrics':
          return examineMetrics();
        default:
          return need satisfies never;
      }
    },
  };
}

const noCredentials: Finding = {
  kind: 'lack',
  what: 'This program has no credentials for Google Cloud: no metadata server answers, and there is no key.',
  mend: 'gcloud auth application-default login # on Google Cloud: attach a service account to the VM or service',
};

const monitoringApi = 'monitoring.googleapis.com';
const apiIsOff = (service: string): string => `The API ${service} is switched off in this project.`;
const enable = (service: string): string => `gcloud services enable ${service}`;

interface Subscription {
  expirationPolicy?: { ttl?: unknown } | null;
}

/** Whether all of these permissions are granted; null where the service does not tell, as emulators do not. */
function mayAll(
  granted: Answer<[Record<string, boolean> | null, ...unknown[]]>,
  wanted: readonly string[],
): boolean | null {
  if (granted.kind !== 'value') return null;
  const [each] = granted.value;
  return wanted.every((permission) => each?.[permission] === true);
}

interface Described {
  /** As in "The … does not exist." */
  thing: string;
  /** The API's name, for switching it on. */
  service: string;
  /** As in "This program may not …, the topic jobs-vm." */
  use: string;
  create: string;
  grant: () => Promise<string>;
}

async function accessFinding(
  there: Answer<unknown>,
  may: boolean | null,
  { thing, service, use, create, grant }: Described,
): Promise<Finding | null> {
  const lack = (what: string, mend: string): Finding => ({ kind: 'lack', what, mend });
  switch (there.kind) {
    case 'value':
    case 'unsupported':
      if (may !== false) return null;
      return lack(`There is the ${thing}, but this program may not ${use}.`, await grant());
    case 'missing':
      return lack(`The ${thing} does not exist.`, create);
    case 'denied':
      if (may === true) return null;
      // Google says of what is missing, too, that nothing is permitted.
      return lack(
        `The ${thing} does not exist, or this program may not ${use}.`,
        `${create}; ${await grant()}`,
      );
    case 'no_credentials':
      return noCredentials;
    case 'api_off':
      return lack(apiIsOff(service), enable(service));
    case 'no_index':
      return null;
    default:
      return there satisfies never;
  }
}
