import { type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example } from '../committed-plans.ts';

const projectRight = 'google_project_iam_member';
const bucketRight = 'google_storage_bucket_iam_member';
const topicRight = 'google_pubsub_topic_iam_member';
const stranger = 'serviceAccount:stranger@example.iam.gserviceaccount.com';

export const brokenNeeds: BrokenPlans = {
  'Programs may use the database, and nothing else may': [
    [/may not use the database/, () => without(example, [projectRight, 'programs_use_database'])],
    [
      /is no program/,
      () => changed(example, [projectRight, 'events_receives'], ['role'], 'roles/datastore.user'),
    ],
  ],
  'Programs publish to the topics that they need, and to no other': [
    [
      /may not publish to jobs-vm, and needs to/,
      () => without(example, [topicRight, 'functions publishes to jobs-vm']),
    ],
    [
      /may publish to jobs-dead, and need not/,
      () => changed(example, [topicRight, 'site publishes to jobs-vm'], ['topic'], 'jobs-dead'),
    ],
  ],
  'Programs read and write the buckets that they need, and no other': [
    [
      /may not write to example-pictures-spillway-results/,
      () => without(example, [bucketRight, 'vm writes results']),
    ],
    [
      /may write to example-pictures-spillway-uploads, and need not/,
      () => changed(example, [bucketRight, 'functions reads uploads'], ['role'], 'roles/storage.objectUser'),
    ],
    [
      /may not read example-pictures-spillway-models/,
      () => without(example, [bucketRight, 'fetches_models']),
    ],
  ],
  'VM workers pull from their subscription, the dashboard from the dead letters, and nobody else pulls': [
    [
      /It is not so that spillway-vm@/,
      () => without(example, ['google_pubsub_subscription_iam_member', 'pulls']),
    ],
    [
      /It is not so that spillway-admin@.* may pull from jobs-dead-pull/,
      () => without(example, ['google_pubsub_subscription_iam_member', 'dashboard_reads_letters']),
    ],
    [
      /spillway-vm@.* may pull from jobs-dead-pull, and need not/,
      () =>
        changed(
          example,
          ['google_pubsub_subscription_iam_member', 'pulls'],
          ['subscription'],
          'jobs-dead-pull',
        ),
    ],
  ],
  'Programs read the secrets that they are given, and nobody else does': [
    [
      /It is not so that spillway-site@.* may read/,
      () => without(example, ['google_secret_manager_secret_iam_member', 'site']),
    ],
    [
      /stranger@.* may read .*, and is not given it/,
      () => changed(example, ['google_secret_manager_secret_iam_member'], ['member'], stranger),
    ],
  ],
};
