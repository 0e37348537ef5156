import type { Plan } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { ofType, textAt } from '../read-plan.ts';

/** Where each kind of resource that stores something names the key that it is stored with. */
const places: [type: string, ...path: string[]][] = [
  ['google_storage_bucket', 'encryption', 'default_kms_key_name'],
  ['google_firestore_database', 'cmek_config', 'kms_key_name'],
  ['google_pubsub_topic', 'kms_key_name'],
  ['google_artifact_registry_repository', 'kms_key_name'],
  ['google_compute_instance_template', 'disk', 'disk_encryption_key', 'kms_key_self_link'],
];

export const keyPolicies: Policy[] = [
  {
    name: 'Everything is stored with one key of one’s own, or nothing is',
    findings: (plan) => {
      const keys = keysOf(plan);
      const [key = ''] = keys.map((each) => each.key).filter(Boolean);
      return keys
        .filter((each) => each.key !== key)
        .map(({ address }) => `${address} is not stored with ${key}.`);
    },
  },
  {
    name: 'Accounts that store something may use the key',
    findings: (plan) => {
      const keys = new Set(
        keysOf(plan)
          .map(({ key }) => key)
          .filter(Boolean),
      );
      const grants = ofType(plan, 'google_kms_crypto_key_iam_member');
      return [...keys].flatMap((key) =>
        agents
          .filter(
            (agent) =>
              !grants.some(
                (grant) => textAt(grant, 'crypto_key_id') === key && textAt(grant, 'member').endsWith(agent),
              ),
          )
          .map((agent) => `Google's account at ${agent.slice(1)} may not use ${key}.`),
      );
    },
  },
];

const agents = [
  '@gs-project-accounts.iam.gserviceaccount.com',
  '@gcp-sa-firestore.iam.gserviceaccount.com',
  '@gcp-sa-pubsub.iam.gserviceaccount.com',
  '@gcp-sa-artifactregistry.iam.gserviceaccount.com',
  '@compute-system.iam.gserviceaccount.com',
];

const keysOf = (plan: Plan): { address: string; key: string }[] =>
  places.flatMap(([type, ...path]) =>
    ofType(plan, type).map((resource) => ({ address: resource.address, key: textAt(resource, ...path) })),
  );
