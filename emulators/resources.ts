import type { CreateSubscriptionOptions, PubSub } from '@google-cloud/pubsub';
import type { Bucket, Storage } from '@google-cloud/storage';
import type { Buckets } from '@spillway/pipeline/ports/ports.ts';
import {
  ackDeadline,
  mostDeliveryAttempts,
  retryBackoff,
  subscriptionNames,
  topicNames,
} from '@spillway/pipeline/topics.ts';

/** A subscription that nobody used for 31 days would be deleted, and what is published after that would vanish. */
const expirationPolicy = {};

/**
 * Creates the topics and subscriptions where they are missing. No subscription expires. The push subscriptions are
 * pulled by the stack's own pusher (`pusher/`), since the emulator pushes two messages at a time, ever.
 */
export async function createTopics(pubsub: PubSub, project: string): Promise<void> {
  await Promise.all(Object.values(topicNames).map((name) => unlessExists(pubsub.createTopic(name))));
  const deadLetterPolicy = {
    deadLetterTopic: `projects/${project}/topics/${topicNames.dead}`,
    maxDeliveryAttempts: mostDeliveryAttempts,
  };
  const retryPolicy = {
    minimumBackoff: { seconds: retryBackoff.least },
    maximumBackoff: { seconds: retryBackoff.most },
  };
  const subscriptions: [topic: string, name: string, options: CreateSubscriptionOptions][] = [
    [
      topicNames.vm,
      subscriptionNames.vm,
      { ackDeadlineSeconds: ackDeadline.pull, deadLetterPolicy, retryPolicy },
    ],
    [
      topicNames.run,
      subscriptionNames.run,
      {
        ackDeadlineSeconds: ackDeadline.push,
        deadLetterPolicy,
        retryPolicy,
      },
    ],
    [topicNames.dead, subscriptionNames.dead, { ackDeadlineSeconds: ackDeadline.pull }],
    [topicNames.uploads, subscriptionNames.uploads, { ackDeadlineSeconds: ackDeadline.push, retryPolicy }],
  ];
  await Promise.all(
    subscriptions.map(([topic, name, options]) =>
      unlessExists(pubsub.topic(topic).createSubscription(name, { ...options, expirationPolicy })),
    ),
  );
}

/**
 * Creates missing buckets, and the notifications that turn uploads into jobs. Pages of the site's origins may send the
 * site's uploads. No page may read or write anything else.
 */
export async function createBuckets(
  storage: Storage,
  buckets: Buckets,
  siteOrigins: string[],
  deletion: 'as_bucket' | 'at_once' = 'as_bucket',
): Promise<void> {
  await Promise.all(Object.values(buckets).map((name) => unlessExists(storage.createBucket(name))));
  if (deletion === 'at_once') {
    const keepNothing = { softDeletePolicy: { retentionDurationSeconds: 0 } };
    await Promise.all(Object.values(buckets).map((name) => storage.bucket(name).setMetadata(keepNothing)));
  }
  await Promise.all([
    announceUploads(storage.bucket(buckets.uploads)),
    announceUploads(storage.bucket(buckets.webUploads)),
    // At every start: the site may have moved to another port.
    storage.bucket(buckets.webUploads).setCorsConfiguration(sendingFrom(siteOrigins)),
  ]);
}

function sendingFrom(origins: string[]): Parameters<Bucket['setCorsConfiguration']>[0] {
  return [
    {
      origin: origins,
      method: ['PUT'],
      responseHeader: ['Content-Type', 'Content-Range', 'Range', 'X-GUploader-UploadID'],
      maxAgeSeconds: 3_600,
    },
  ];
}

async function announceUploads(bucket: Bucket): Promise<void> {
  const [notifications] = await bucket.getNotifications();
  if (notifications.length > 0) return;
  await bucket.createNotification(topicNames.uploads, {
    eventTypes: ['OBJECT_FINALIZE'],
    payloadFormat: 'JSON_API_V1',
  });
}

/** gRPC ALREADY_EXISTS, and HTTP 409. */
const exists = new Set<unknown>([6, 409]);

async function unlessExists(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && exists.has(error.code))) throw error;
  }
}

/**
 * Writes to `settings/routing` what the local Cloud Run takes. An admin's other settings stay.
 * @param host Firestore's emulator.
 */
export async function limitCloudRun(
  host: string,
  project: string,
  run: { maxInstances: number; concurrency: number; models: readonly string[] },
): Promise<void> {
  const fields = Object.entries(run).map(([name, value]) => [name, asValue(value)]);
  const mask = Object.keys(run).map((name) => `updateMask.fieldPaths=run.${name}`);
  const limits = { run: { mapValue: { fields: Object.fromEntries(fields) } } };
  const answer = await patch(host, project, `settings/routing?${mask.join('&')}`, limits);
  if (!answer.ok) throw new Error(`Firestore's emulator took no settings: ${await answer.text()}`);
}

/** As Firestore's REST API writes values. */
function asValue(value: number | readonly string[]): object {
  return typeof value === 'number'
    ? { integerValue: String(value) }
    : { arrayValue: { values: value.map((text) => ({ stringValue: text })) } };
}

/** Forgets pauses and refusals of the Cloud Run of an earlier start. What was learned of service times stays. */
export async function forgetCloudRun(host: string, project: string): Promise<void> {
  const mask = 'updateMask.fieldPaths=breaker&updateMask.fieldPaths=push&currentDocument.exists=true';
  const answer = await patch(host, project, `routing/state?${mask}`, {});
  // At the first start there is no such document.
  if (!answer.ok && answer.status !== 404) {
    throw new Error(`Firestore's emulator keeps what routers know: ${await answer.text()}`);
  }
}

/** Firestore's emulator takes the token `owner` for one that may do everything. */
function patch(host: string, project: string, target: string, fields: object): Promise<Response> {
  return fetch(`http://${host}/v1/projects/${project}/databases/(default)/documents/${target}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', authorization: 'Bearer owner' },
    body: JSON.stringify({ fields }),
  });
}
