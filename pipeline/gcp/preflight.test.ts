import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { expect, it } from 'vitest';
import type { Need } from '../ports/preflight.ts';
import { type CheckedCloud, createPreflight } from './preflight.ts';

/** An error as Google's clients throw it. */
function failure(code: number | undefined, message = ''): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

const exists = [{ expirationPolicy: { ttl: null } }];

/**
 * A cloud in which each thing gives these answers: what it is, and which permissions this program has on it. No emulator
 * knows permissions.
 */
function examine(need: Need, there: unknown, granted: unknown = failure(12), account = 'me@demo') {
  const settle = async (answer: unknown) => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const thing = {
    getMetadata: () => settle(there),
    iam: { testPermissions: () => settle(granted) },
  };
  const cloud = {
    project: 'demo',
    pubsub: { topic: () => thing, subscription: () => thing },
    storage: {
      bucket: () => thing,
      authClient: { getCredentials: async () => ({ client_email: account }) },
    },
    buckets: { uploads: 'up', webUploads: 'web', results: 'out' },
    metrics: { lookUp: () => settle(there) },
    readDatabase: () => settle(there),
    queries: { routing: () => [settle([]), settle(there)], site: () => [] },
  };
  return createPreflight(cloud as unknown as CheckedCloud).examine(need);
}

const metrics: Need = { kind: 'metrics' };
const topic: Need = { kind: 'topic', topic: 'vm' };
const pulled: Need = { kind: 'vm_subscription' };
const results: Need = { kind: 'bucket', bucket: 'results', access: 'write' };
const denied = failure(7, '7 PERMISSION_DENIED: User not authorized to perform this action.');
const forbidden = failure(403, 'me@demo does not have storage.buckets.get access.');
const publish = { 'pubsub.topics.publish': true };

it.each<[string, Need, unknown, unknown]>([
  ['is there and permitted', topic, exists, [publish]],
  ['is permitted, though it may not be looked at', topic, denied, [publish]],
  ['is there on an emulator, which knows no permissions', topic, exists, failure(12)],
  ['may be pulled', pulled, exists, [{ 'pubsub.subscriptions.consume': true }]],
  ['may be read', { ...results, access: 'read' }, forbidden, [{ 'storage.objects.get': true }]],
  ['nobody has written yet', metrics, failure(5, 'Could not find descriptor for metric.'), null],
  ['is there, where its permissions cannot be asked for', results, [{}], failure(404, 'Not Found')],
])('a thing that %s is no lack', async (_, need, there, granted) => {
  expect(await examine(need, there, granted)).toBeNull();
});

it.each<[string, Need, unknown, unknown, string, string]>([
  [
    'may not be published to',
    topic,
    exists,
    [{ 'pubsub.topics.publish': false }],
    'There is the topic jobs-vm, but this program may not publish to it.',
    'gcloud pubsub topics add-iam-policy-binding jobs-vm --member=serviceAccount:me@demo --role=roles/pubsub.publisher --project=demo',
  ],
  [
    'may not be looked at, and permits nothing',
    topic,
    denied,
    [{}],
    'The topic jobs-vm does not exist, or this program may not publish to it.',
    'gcloud pubsub topics create jobs-vm --project=demo; gcloud pubsub topics add-iam-policy-binding jobs-vm',
  ],
  [
    'may not be pulled',
    pulled,
    exists,
    [null],
    'There is the subscription jobs-vm-pull, but this program may not pull from it.',
    '--role=roles/pubsub.subscriber',
  ],
  [
    'may only be read',
    results,
    forbidden,
    [{ 'storage.objects.get': true, 'storage.objects.list': true }],
    'The bucket out does not exist, or this program may not read and write its objects.',
    'gcloud storage buckets add-iam-policy-binding gs://out --member=serviceAccount:me@demo --role=roles/storage.objectUser',
  ],
  [
    'is missing, though only its permissions say so',
    results,
    forbidden,
    failure(404, 'The specified bucket does not exist.'),
    'The bucket out does not exist.',
    'gcloud storage buckets create gs://out',
  ],
  [
    'is no database',
    { kind: 'database' },
    failure(5, '5 NOT_FOUND: The database (default) does not exist for project demo'),
    null,
    'The database (default) of Firestore does not exist.',
    'gcloud firestore databases create',
  ],
  [
    'is a database of somebody else',
    { kind: 'database' },
    denied,
    null,
    'The database (default) of Firestore does not exist, or this program may not read it.',
    'gcloud projects add-iam-policy-binding demo --member=serviceAccount:me@demo --role=roles/datastore.user',
  ],
  [
    'belongs to an API that is off',
    { kind: 'database' },
    failure(
      7,
      '7 PERMISSION_DENIED: Cloud Firestore API has not been used in project 1 before or it is disabled.',
    ),
    null,
    'The API firestore.googleapis.com is switched off in this project.',
    'gcloud services enable firestore.googleapis.com',
  ],
  [
    'is asked about without credentials',
    topic,
    failure(undefined, 'Could not load the default credentials. Browse to https://…'),
    failure(undefined, 'Could not load the default credentials. Browse to https://…'),
    'This program has no credentials for Google Cloud: no metadata server answers, and there is no key.',
    'gcloud auth application-default login',
  ],
  [
    'is an index',
    { kind: 'indexes', of: 'routing' },
    failure(9, '9 FAILED_PRECONDITION: The query requires an index.'),
    null,
    'Firestore lacks 1 of the indexes that the queries of routing need.',
    'firebase deploy --only firestore:indexes',
  ],
])(
  'a thing that %s is a lack, with the command that mends it',
  async (_, need, there, granted, what, mend) => {
    const finding = await examine(need, there, granted);
    expect(finding).toMatchObject({ kind: 'lack', what, mend: expect.stringContaining(mend) });
    expect(`${finding?.what}${finding?.mend}`).not.toContain('\n');
  },
);

it.each([
  [
    denied,
    'This program may not write metrics: alarms miss what it sees, and VMs cannot follow the offered work.',
    'gcloud projects add-iam-policy-binding demo --member=serviceAccount:me@demo --role=roles/monitoring.metricWriter',
  ],
  [
    failure(7, '7 PERMISSION_DENIED: Cloud Monitoring API has not been used in project 1 before.'),
    'The API monitoring.googleapis.com is switched off in this project.',
    'gcloud services enable monitoring.googleapis.com',
  ],
])(
  'a metric that cannot be written is a warning, and keeps no program from its start',
  async (...[there, what, mend]) => {
    expect(await examine(metrics, there)).toEqual({ kind: 'warning', what, mend });
  },
);

it.each<Need>([topic, pulled, results, metrics, { kind: 'database' }, { kind: 'indexes', of: 'routing' }])(
  'a service that does not answer about %j is an outage, and no lack',
  async (need) => {
    const unavailable = failure(14, '14 UNAVAILABLE: connect ECONNREFUSED');
    await expect(examine(need, unavailable, unavailable)).rejects.toThrow(OutageError);
    const slow =
      'Getting metadata from plugin failed with error: Could not refresh access token: network timeout';
    const noToken = failure(2, `2 UNKNOWN: ${slow}`);
    await expect(examine(need, noToken, noToken)).rejects.toThrow(OutageError);
  },
);

const looked: [Need, what: string, mend: string][] = [
  [
    { kind: 'topic_there', topic: 'dead' },
    'The topic jobs-dead does not exist.',
    'gcloud pubsub topics create',
  ],
  [
    { kind: 'subscription_there', subscription: 'run' },
    'The subscription jobs-run-push does not exist.',
    'terraform -chdir=terraform apply',
  ],
  [
    { kind: 'bucket_there', bucket: 'uploads' },
    'The bucket up does not exist.',
    'gcloud storage buckets create gs://up',
  ],
];

it.each(looked)(
  'whoever looks at %j is told whether it is there, or may not look',
  async (need, what, mend) => {
    // What the program may do with it does not matter.
    expect(await examine(need, exists, [{}])).toBeNull();
    const missing = failure(5, '5 NOT_FOUND: Resource not found');
    expect(await examine(need, missing)).toMatchObject({
      kind: 'lack',
      what,
      mend: expect.stringContaining(mend),
    });
    await expect(examine(need, denied)).rejects.toThrow(RefusedError);
    await expect(examine(need, failure(14, '14 UNAVAILABLE'))).rejects.toThrow(OutageError);
  },
);
