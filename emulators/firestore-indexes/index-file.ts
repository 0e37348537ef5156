import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const modeSchema = z.object({
  order: z.enum(['ASCENDING', 'DESCENDING']).optional(),
  arrayConfig: z.literal('CONTAINS').optional(),
});
const scopeSchema = z.enum(['COLLECTION', 'COLLECTION_GROUP']).default('COLLECTION');

/** A `firestore.indexes.json`. @see https://firebase.google.com/docs/reference/firestore/indexes */
const indexFileSchema = z.object({
  indexes: z.array(
    z.object({
      collectionGroup: z.string(),
      queryScope: scopeSchema,
      fields: z.array(modeSchema.extend({ fieldPath: z.string() })).min(1),
    }),
  ),
  fieldOverrides: z.array(
    z.object({
      collectionGroup: z.string(),
      fieldPath: z.string(),
      indexes: z.array(modeSchema.extend({ queryScope: scopeSchema })),
    }),
  ),
});

export type IndexFile = z.infer<typeof indexFileSchema>;

/** How an index keeps a field. */
export type Mode = 'ASCENDING' | 'DESCENDING' | 'CONTAINS';

/** An index of one collection: its fields in order. */
export interface Index {
  kind: 'composite' | 'single';
  group: boolean;
  fields: { path: string; mode: Mode }[];
}

/** Throws where the file is not as Firestore's tools read it. */
export async function readIndexFile(url: URL): Promise<IndexFile> {
  return indexFileSchema.parse(JSON.parse(await readFile(url, 'utf8')));
}

/**
 * The indexes that the file gives to a collection, and those that every field of these has of itself: ascending,
 * descending and for arrays, within one collection. An override takes their place, for the field and what is below it.
 * @see https://firebase.google.com/docs/firestore/query-data/index-overview#automatic_indexing
 */
export function indexesOf(file: IndexFile, collection: string, fields: Iterable<string>): Index[] {
  const composite = file.indexes
    .filter(({ collectionGroup }) => collectionGroup === collection)
    .map(
      ({ queryScope, fields }): Index => ({
        kind: 'composite',
        group: queryScope === 'COLLECTION_GROUP',
        fields: fields.map(({ fieldPath, ...mode }) => ({ path: fieldPath, mode: modeOf(mode) })),
      }),
    );
  const single = [...new Set(fields)].flatMap((path) =>
    singleFieldModes(file, collection, path).map(
      ({ mode, group }): Index => ({ kind: 'single', group, fields: [{ path, mode }] }),
    ),
  );
  return [...composite, ...single];
}

const automatic = (['ASCENDING', 'DESCENDING', 'CONTAINS'] as const).map((mode) => ({ mode, group: false }));

/** The single-field indexes of a field: its own, those of what it lies in, or the automatic ones. */
export function singleFieldModes(
  { fieldOverrides }: IndexFile,
  collection: string,
  path: string,
): readonly { mode: Mode; group: boolean }[] {
  const own = fieldOverrides.filter(({ collectionGroup }) => collectionGroup === collection);
  const covers = ({ fieldPath }: { fieldPath: string }) =>
    path === fieldPath || fieldPath === '*' || path.startsWith(`${fieldPath}.`);
  // The closest one counts: that of the field itself, then of what it lies in, then that of the whole collection.
  const [override] = own
    .filter(covers)
    .sort(
      (a, b) =>
        Number(a.fieldPath === '*') - Number(b.fieldPath === '*') || b.fieldPath.length - a.fieldPath.length,
    );
  return (
    override?.indexes.map((index) => ({
      mode: modeOf(index),
      group: index.queryScope === 'COLLECTION_GROUP',
    })) ?? automatic
  );
}

export const modeOf = ({ order, arrayConfig }: z.infer<typeof modeSchema>): Mode =>
  arrayConfig ?? order ?? 'ASCENDING';
