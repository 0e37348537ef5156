import { added, type BrokenPlans, changed, without } from '../broken-plans.ts';
import { example } from '../committed-plans.ts';

export const brokenDatabase: BrokenPlans = {
  'Every query of the programs has its index, and every index a query': [
    [
      /No index serves/,
      () => without(example, ['google_firestore_index', 'jobs owner:ASCENDING createdAt:DESCENDING']),
    ],
    [
      /No query needs the index colours/,
      () => added(example, ['google_firestore_index'], 'google_firestore_index', { collection: 'colours' }),
    ],
  ],
  'Text that may be longer than an index takes is in none': [
    [/jobs.options has indexes/, () => without(example, ['google_firestore_field', 'listed_only["jobs"]'])],
    [
      /jobs.route.explanation has indexes/,
      () =>
        added(example, ['google_firestore_index'], 'google_firestore_index', {
          fields: [{ field_path: 'route.explanation', order: 'ASCENDING' }],
        }),
    ],
  ],
  'A field has the indexes that are listed, and no automatic ones': [
    [
      /Each field of workers has two indexes/,
      () => without(example, ['google_firestore_field', 'listed_only["workers"]']),
    ],
  ],
  'Documents that age end by themselves': [
    [
      /Documents in workers are kept/,
      () => changed(example, ['google_firestore_field', 'workers expiresAt'], ['ttl_config'], undefined),
    ],
  ],
  'Indexes, fields and documents are of collections that programs use': [
    [
      /is of colours, which no program uses/,
      () => changed(example, ['google_firestore_index'], ['collection'], 'colours'),
    ],
  ],
  'There is one database, of the kind that programs use': [
    [
      /not Firestore's default database/,
      () => changed(example, ['google_firestore_database'], ['type'], 'DATASTORE_MODE'),
    ],
    [/There are 0 databases/, () => without(example, ['google_firestore_database'])],
  ],
};
