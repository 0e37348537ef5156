import { type IndexFile, indexesOf } from '@spillway/emulators/firestore-indexes/index-file.ts';
import { checkQueries } from '@spillway/emulators/firestore-indexes/recorded-queries.ts';
import { agingCollections, collectionNames } from '@spillway/pipeline/gcp/collections.ts';
import { unindexedFields } from '@spillway/pipeline/limits/jobs.ts';
import { queriesOfAdapters } from '@spillway/pipeline/testing/firestore-queries.ts';
import type { Plan, Values } from '../plan.ts';
import type { Policy } from '../policy.ts';
import { at, blocksAt, ofType, textAt } from '../read-plan.ts';

let caught: ReturnType<typeof queriesOfAdapters> | undefined;
/** They are the same for every plan, and are caught one at a time. */
const queries = () => {
  caught ??= queriesOfAdapters();
  return caught;
};

export const databasePolicies: Policy[] = [
  {
    name: 'Every query of the programs has its index, and every index a query',
    findings: async (plan) => {
      const { refused, unused } = checkQueries(await queries(), indexFileOf(plan));
      return [...refused, ...unused.map((index) => `No query needs the index ${index}.`)];
    },
  },
  {
    name: 'Text that may be longer than an index takes is in none',
    findings: (plan) =>
      indexesOf(indexFileOf(plan), collectionNames.jobs, unindexedFields)
        .flatMap(({ fields }) => fields.map(({ path }) => path))
        .filter((path) => unindexedFields.some((field) => path === field || path.startsWith(`${field}.`)))
        .map((path) => `jobs.${path} has indexes.`),
  },
  {
    name: 'A field has the indexes that are listed, and no automatic ones',
    findings: (plan) => {
      const exempt = indexFileOf(plan)
        .fieldOverrides.filter(({ fieldPath, indexes }) => fieldPath === '*' && indexes.length === 0)
        .map(({ collectionGroup }) => collectionGroup);
      return Object.values(collectionNames)
        .filter((collection) => !exempt.includes(collection))
        .map((collection) => `Each field of ${collection} has two indexes, asked for or not.`);
    },
  },
  {
    name: 'Documents that age end by themselves',
    findings: (plan) => {
      const ending = ofType(plan, 'google_firestore_field')
        .filter((each) => at(each, 'ttl_config') !== undefined && textAt(each, 'field') === 'expiresAt')
        .map((each) => textAt(each, 'collection'));
      return agingCollections
        .filter((collection) => !ending.includes(collection))
        .map((collection) => `Documents in ${collection} are kept past their expiresAt.`);
    },
  },
  {
    name: 'Indexes, fields and documents are of collections that programs use',
    findings: (plan) => {
      const known: string[] = Object.values(collectionNames);
      return ['google_firestore_index', 'google_firestore_field', 'google_firestore_document']
        .flatMap((type) => ofType(plan, type))
        .filter((each) => !known.includes(textAt(each, 'collection')))
        .map((each) => `${each.address} is of ${textAt(each, 'collection')}, which no program uses.`);
    },
  },
  {
    name: 'There is one database, of the kind that programs use',
    findings: (plan) => {
      const databases = ofType(plan, 'google_firestore_database');
      return [
        ...(databases.length === 1 ? [] : [`There are ${databases.length} databases.`]),
        ...databases
          .filter(
            (each) => textAt(each, 'name') !== '(default)' || textAt(each, 'type') !== 'FIRESTORE_NATIVE',
          )
          .map(({ address }) => `${address} is not Firestore's default database in native mode.`),
      ];
    },
  },
];

/** The indexes of a plan, in the form of the file that the local stack is held against. */
function indexFileOf(plan: Plan): IndexFile {
  const fieldPaths = ofType(plan, 'google_firestore_field').map((each) => ({
    collectionGroup: textAt(each, 'collection'),
    fieldPath: textAt(each, 'field'),
    indexes: blocksAt(each, 'index_config', 'indexes').map((index) => ({
      ...modeOf(index),
      queryScope: scopeOf(index),
    })),
  }));
  return {
    indexes: ofType(plan, 'google_firestore_index').map((each) => ({
      collectionGroup: textAt(each, 'collection'),
      queryScope: scopeOf(each.values),
      fields: blocksAt(each, 'fields').map((field) => ({
        ...modeOf(field),
        fieldPath: String(field.field_path),
      })),
    })),
    fieldOverrides: fieldPaths,
  };
}

const scopeOf = ({ query_scope }: Values): IndexFile['indexes'][number]['queryScope'] =>
  query_scope === 'COLLECTION_GROUP' ? 'COLLECTION_GROUP' : 'COLLECTION';

function modeOf({ order, array_config }: Values): {
  order?: 'ASCENDING' | 'DESCENDING';
  arrayConfig?: 'CONTAINS';
} {
  if (array_config === 'CONTAINS') return { arrayConfig: 'CONTAINS' };
  return { order: order === 'DESCENDING' ? 'DESCENDING' : 'ASCENDING' };
}
