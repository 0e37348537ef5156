import type { Plan } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { programsOf } from '../programs.ts';
import { at, blocksAt, numberAt, ofType, ofTypes, textAt, textsAt } from '../read-plan.ts';

export const bucketPolicies: Policy[] = [
  {
    name: 'No bucket can be made public',
    findings: (plan) => [
      ...bucketsOf(plan).flatMap((bucket) => [
        ...(textAt(bucket, 'public_access_prevention') === 'enforced'
          ? []
          : [`${bucket.address} does not enforce the prevention of public access.`]),
        ...(at(bucket, 'uniform_bucket_level_access') === true
          ? []
          : [`${bucket.address} has no uniform access, so that single objects can be made public.`]),
      ]),
      ...ofTypes(plan, /^google_storage_(bucket|object|default_object)_(acl|access_control)$/).map(
        ({ address }) => `${address} gives rights by a list of access, past the roles.`,
      ),
    ],
  },
  {
    name: 'Pages of the site send to the bucket of the site, and no page reaches another',
    findings: (plan) => {
      const environment = siteEnvironment(plan);
      const origin = environment.SPILLWAY_PUBLIC_URL ?? '';
      return bucketsOf(plan).flatMap((bucket) => {
        const isSites = textAt(bucket, 'name') === environment.SPILLWAY_WEB_UPLOADS_BUCKET;
        const isOpen = blocksAt(bucket, 'cors').length > 0;
        if (!isSites) return isOpen ? [`${bucket.address} lets pages in.`] : [];
        const origins = textsAt(bucket, 'cors', 'origin');
        return [
          ...(origins.includes(origin) ? [] : [`${bucket.address} does not let pages of ${origin} in.`]),
          ...origins
            .filter((each) => each.includes('*'))
            .map((each) => `${bucket.address} lets pages of ${each} in.`),
          ...textsAt(bucket, 'cors', 'method')
            .filter((method) => method !== 'PUT')
            .map((method) => `${bucket.address} lets pages ${method}, and they only PUT.`),
        ];
      });
    },
  },
  {
    name: 'It is decided how long a bucket keeps what is deleted, and the site is told',
    findings: (plan) => {
      const environment = siteEnvironment(plan);
      const isAtOnce = environment.SPILLWAY_DELETION === 'at_once';
      const pictures = pictureBuckets(environment);
      return bucketsOf(plan).flatMap((bucket) => {
        const seconds = numberAt(bucket, 'soft_delete_policy', 'retention_duration_seconds');
        if (Number.isNaN(seconds)) return [`${bucket.address} has no soft delete policy: Google decides.`];
        return pictures.includes(textAt(bucket, 'name')) && isAtOnce !== (seconds === 0)
          ? [`${bucket.address} keeps what is deleted for ${seconds} s, and the site is told otherwise.`]
          : [];
      });
    },
  },
  {
    name: 'Programs are told of buckets that exist, and all of the same',
    findings: (plan) => {
      const names = new Set(bucketsOf(plan).map((bucket) => textAt(bucket, 'name')));
      const expected = pictureBuckets(siteEnvironment(plan)).join();
      return programsOf(plan).flatMap(({ resource, environment }) => {
        const told = pictureBuckets(environment);
        return [
          ...told
            .filter((name) => !names.has(name))
            .map((name) => `${resource.address} is told of a bucket "${name}", which is not made.`),
          ...(told.join() === expected
            ? []
            : [`${resource.address} is told of other buckets than the site.`]),
        ];
      });
    },
  },
  {
    name: 'A destroy keeps pictures and database, or neither',
    findings: (plan) => {
      const pictures = pictureBuckets(siteEnvironment(plan));
      const kept = [
        ...bucketsOf(plan).filter((bucket) => pictures.includes(textAt(bucket, 'name'))),
        ...ofType(plan, 'google_firestore_database'),
      ].map((each) => ({ address: each.address, isKept: textAt(each, 'deletion_policy') === 'ABANDON' }));
      const isAnyKept = kept.some(({ isKept }) => isKept);
      const forced = bucketsOf(plan).filter(
        (bucket) => textAt(bucket, 'deletion_policy') === 'ABANDON' && at(bucket, 'force_destroy') === true,
      );
      return [
        ...kept
          .filter(({ isKept }) => isKept !== isAnyKept)
          .map(({ address }) => `A destroy deletes ${address} alone.`),
        ...forced.map(({ address }) => `${address} is kept, and its objects would be deleted.`),
      ];
    },
  },
];

const bucketsOf = (plan: Plan) => ofType(plan, 'google_storage_bucket');

const siteEnvironment = (plan: Plan): Record<string, string> =>
  programsOf(plan).find(({ name }) => name === 'site')?.environment ?? {};

const pictureBuckets = (environment: Record<string, string>): string[] =>
  ['SPILLWAY_UPLOADS_BUCKET', 'SPILLWAY_WEB_UPLOADS_BUCKET', 'SPILLWAY_RESULTS_BUCKET'].map(
    (name) => environment[name] ?? '',
  );
