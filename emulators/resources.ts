import type { CreateSubscriptionOptions, PubSub } from '@google-cloud/pubsub';
import type { Storage } from '@google-cloud/storage';
import { subscriptionNames, topicNames } from '@spillway/pipeline/gcp/queue.ts';

/** Seconds. A pulled message is extended in small steps. A pushed one waits until the work is done. */
const ackDeadline = { pull: 20, push: 120 } as const;
/** The most that Pub/Sub allows, because refusals count as attempts. */
const maxDeliveryAttempts = 100;

/** Creates the topics and subscriptions where they are missing. */
export async function createTopics(
  pubsub: PubSub,
  project: string,
  endpoints: { route: string; run: string },
): Promise<void> {
  await Promise.all(Object.values(topicNames).map((name) => unlessExists(pubsub.createTopic(name))));
  const deadLetterPolicy = {
    deadLetterTopic: `projects/${project}/topics/${topicNames.dead}`,
    maxDeliveryAttempts,
  };
  const retryPolicy = { minimumBackoff: { seconds: 1 }, maximumBackoff: { seconds: 30 } };
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
        pushConfig: { pushEndpoint: endpoints.run },
      },
    ],
    [topicNames.dead, subscriptionNames.dead, { ackDeadlineSeconds: ackDeadline.pull }],
    [
      topicNames.uploads,
      subscriptionNames.uploads,
      {
        ackDeadlineSeconds: ackDeadline.push,
        retryPolicy,
        pushConfig: { pushEndpoint: endpoints.route, noWrapper: { writeMetadata: true } },
      },
    ],
  ];
  await Promise.all(
    subscriptions.map(([topic, name, options]) =>
      unlessExists(pubsub.topic(topic).createSubscription(name, options)),
    ),
  );
}

/**
 * Creates missing buckets, and the notification that turns uploads into jobs. Pages of the site's origins may send
 * uploads. No page may read results.
 */
export async function createBuckets(
  storage: Storage,
  buckets: { uploads: string; results: string },
  siteOrigins: string[],
): Promise<void> {
  await Promise.all([
    unlessExists(storage.createBucket(buckets.uploads)),
    unlessExists(storage.createBucket(buckets.results)),
  ]);
  const uploads = storage.bucket(buckets.uploads);
  // At every start: the site may have moved to another port.
  await uploads.setCorsConfiguration([
    {
      origin: siteOrigins,
      method: ['PUT'],
      responseHeader: ['Content-Type', 'Content-Range', 'Range', 'X-GUploader-UploadID'],
      maxAgeSeconds: 3_600,
    },
  ]);
  const [notifications] = await uploads.getNotifications();
  if (notifications.length > 0) return;
  await uploads.createNotification(topicNames.uploads, {
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

/** The number of pushes of one subscription that Pub/Sub's emulator has under way at a time. */
const pushesAtOnce = 2;

/**
 * Writes to `settings/routing` how much the local Cloud Run and the emulator take. An admin's other settings stay.
 * @param host Firestore's emulator, whose `owner` token bypasses the rules.
 */
export async function limitCloudRun(host: string, project: string, maxInstances: number): Promise<void> {
  const document = `projects/${project}/databases/(default)/documents/settings/routing`;
  const mask = ['run.maxInstances', 'run.maxInFlight'].map((field) => `updateMask.fieldPaths=${field}`);
  const limits = {
    maxInstances: { integerValue: String(maxInstances) },
    maxInFlight: { integerValue: String(pushesAtOnce) },
  };
  const response = await fetch(`http://${host}/v1/${document}?${mask.join('&')}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', authorization: 'Bearer owner' },
    body: JSON.stringify({
      fields: { run: { mapValue: { fields: limits } } },
    }),
  });
  if (!response.ok) throw new Error(`Firestore's emulator took no settings: ${await response.text()}`);
}
