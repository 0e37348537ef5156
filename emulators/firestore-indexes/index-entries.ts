import { type IndexFile, modeOf, singleFieldModes } from './index-file.ts';

export interface IndexEntries {
  composite: number;
  single: number;
}

/**
 * How many entries indexes have of a document. A single-field index has one for a value, and `array-contains` one for each
 * element; of a map, its fields have theirs. A composite index has one where the document has all of its fields, which
 * null counts as, times the elements of the array that it looks into.
 * @see https://firebase.google.com/docs/firestore/query-data/index-overview
 * @see https://firebase.google.com/docs/firestore/storage-size#index-entry-size
 */
export function indexEntries(document: object, file: IndexFile, collection: string): IndexEntries {
  const values = new Map(valuesOf(document, ''));
  const composite = file.indexes
    .filter(({ collectionGroup }) => collectionGroup === collection)
    .map(({ fields }) =>
      fields.reduce((entries, { fieldPath, ...mode }) => {
        if (!values.has(fieldPath)) return 0;
        return entries * (modeOf(mode) === 'CONTAINS' ? elementsOf(values.get(fieldPath)) : 1);
      }, 1),
    );
  const single = [...values].flatMap(([path, value]) =>
    singleFieldModes(file, collection, path).map(({ mode }) => {
      if (mode === 'CONTAINS') return elementsOf(value);
      return Array.isArray(value) || isMap(value) ? 0 : 1;
    }),
  );
  return { composite: sum(composite), single: sum(single) };
}

/** All values of a document by their paths, maps and what is in them included. */
function valuesOf(map: object, prefix: string): [string, unknown][] {
  return Object.entries(map).flatMap(([key, value]): [string, unknown][] => {
    const path = `${prefix}${key}`;
    return [[path, value], ...(isMap(value) ? valuesOf(value, `${path}.`) : [])];
  });
}

function elementsOf(value: unknown): number {
  return Array.isArray(value) ? new Set(value.map((element) => JSON.stringify(element))).size : 0;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);
