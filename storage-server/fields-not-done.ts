import { invalid, type StorageError, unsupported } from './errors.ts';
import { isRuleKept, lifecycleRules } from './lifecycle-rules.ts';

type Json = Record<string, unknown>;

/** Fields of an object resource that have an effect in the cloud and none here. */
const objectFieldsNotDone: [field: string, what: string][] = [
  ['kmsKeyName', 'encryption keys'],
  ['customerEncryption', 'encryption keys'],
  ['retention', 'retention'],
  ['temporaryHold', 'holds'],
  ['eventBasedHold', 'holds'],
  ['contexts', 'object contexts'],
];

/** Settings of a bucket that have an effect in the cloud and none here, as `parent.child` where only one part has. */
const bucketSettingsNotDone: [setting: string, what: string][] = [
  ['retentionPolicy', 'retention'],
  ['objectRetention', 'retention'],
  ['defaultEventBasedHold', 'holds'],
  ['encryption', 'encryption keys'],
  ['hierarchicalNamespace.enabled', 'hierarchical namespace'],
  ['autoclass.enabled', 'autoclass'],
  ['billing.requesterPays', 'requester pays'],
  ['logging', 'logging'],
  ['website', 'websites'],
  ['ipFilter', 'IP filter'],
];

/** Throws a 501 where an object resource asks for something that would have no effect. */
export function refuseObjectFields(resource: Json): void {
  for (const [field, what] of objectFieldsNotDone) {
    if (asksFor(resource[field])) throw unsupported(`${what} (field ${field})`);
  }
  if (asksFor(resource.acl)) throw noAcl();
}

/** Throws a 501 where the settings of a bucket would have no effect. */
export function refuseBucketSettings(settings: Json): void {
  for (const [setting, what] of bucketSettingsNotDone) {
    const [parent = '', child] = setting.split('.');
    const value = settings[parent];
    const asked = child === undefined ? value : (value as Json | null | undefined)?.[child];
    if (asksFor(asked)) throw unsupported(`${what} (setting ${setting})`);
  }
  if (!lifecycleRules(settings).every(isRuleKept)) {
    throw unsupported('lifecycle rules but those that delete by age (setting lifecycle.rule)');
  }
  const { uniformBucketLevelAccess } = (settings.iamConfiguration ?? {}) as Json;
  if ((uniformBucketLevelAccess as Json | undefined)?.enabled === false) {
    throw unsupported('access control of objects (setting iamConfiguration.uniformBucketLevelAccess)');
  }
}

/** Nothing, false, and an empty list or object ask for nothing. */
function asksFor(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value);
  return Object.keys(value).length > 0;
}

/** Cloud Storage's answer where an ACL is given for a bucket with uniform access. */
export const noAcl = (): StorageError =>
  invalid(
    'Cannot insert legacy ACL for an object when uniform bucket-level access is enabled. ' +
      'Read more at https://cloud.google.com/storage/docs/uniform-bucket-level-access',
  );
