import { added, type BrokenPlans, changed } from '../broken-plans.ts';
import { example, other } from '../committed-plans.ts';

const bucket = 'google_storage_bucket';
const functions = 'google_cloudfunctions2_function';

export const brokenBuckets: BrokenPlans = {
  'No bucket can be made public': [
    [/does not enforce/, () => changed(example, [bucket], ['public_access_prevention'], 'inherited')],
    [
      /no uniform access/,
      () => changed(example, [bucket, 'results'], ['uniform_bucket_level_access'], false),
    ],
    [
      /list of access/,
      () => added(example, [bucket], 'google_storage_bucket_acl', { predefined_acl: 'publicRead' }),
    ],
  ],
  'Pages of the site send to the bucket of the site, and no page reaches another': [
    [
      /lets pages in/,
      () => changed(example, [bucket, '["results"]'], ['cors', 'origin'], ['https://a.example']),
    ],
    [
      /does not let pages of/,
      () => changed(example, [bucket, 'web_uploads'], ['cors', 'origin'], ['https://a.example']),
    ],
    [/pages of \*/, () => changed(example, [bucket, 'web_uploads'], ['cors', 'origin'], ['*'])],
    [/pages GET/, () => changed(example, [bucket, 'web_uploads'], ['cors', 'method'], ['PUT', 'GET'])],
  ],
  'It is decided how long a bucket keeps what is deleted, and the site is told': [
    [/Google decides/, () => changed(example, [bucket], ['soft_delete_policy'], undefined)],
    [
      /told otherwise/,
      () =>
        changed(other, [bucket, 'pictures'], ['soft_delete_policy', 'retention_duration_seconds'], 604_800),
    ],
  ],
  'Programs are told of buckets that exist, and all of the same': [
    [/which is not made/, () => changed(example, [bucket, '["uploads"]'], ['name'], 'elsewhere')],
    [
      /other buckets than the site/,
      () =>
        changed(
          example,
          [functions, 'route'],
          ['service_config', 'environment_variables', 'SPILLWAY_RESULTS_BUCKET'],
          'example-pictures-spillway-models',
        ),
    ],
  ],
  'A destroy keeps pictures and database, or neither': [
    [
      /deletes google_firestore_database.default alone/,
      () => changed(example, ['google_firestore_database'], ['deletion_policy'], 'DELETE'),
    ],
    [
      /its objects would be deleted/,
      () => changed(example, [bucket, '["results"]'], ['force_destroy'], true),
    ],
  ],
};
