import { type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example, other } from '../committed-plans.ts';

const topic = 'google_pubsub_topic';

export const brokenKeys: BrokenPlans = {
  'Everything is stored with one key of one’s own, or nothing is': [
    [/is not stored with projects/, () => changed(other, [topic], ['kms_key_name'], undefined)],
    [/is not stored with elsewhere/, () => changed(example, [topic], ['kms_key_name'], 'elsewhere')],
  ],
  'Accounts that store something may use the key': [
    [
      /gcp-sa-pubsub.iam.gserviceaccount.com may not use/,
      () => without(other, ['google_kms_crypto_key_iam_member', 'pubsub']),
    ],
  ],
};
