import { z } from 'zod';

/** A value as Firestore's REST API writes it. https://firebase.google.com/docs/firestore/reference/rest/v1/Value */
type FirestoreValue = z.infer<typeof scalarSchema> | FirestoreMap | FirestoreArray;
interface FirestoreMap {
  mapValue: { fields: Record<string, FirestoreValue> };
}
interface FirestoreArray {
  arrayValue: { values: FirestoreValue[] };
}

const scalarSchema = z.union([
  z.strictObject({ booleanValue: z.boolean() }),
  /** Whole numbers are written as text. */
  z.strictObject({ integerValue: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ nullValue: z.null() }),
]);
const valueSchema: z.ZodType<FirestoreValue, unknown> = z.lazy(() =>
  z.union([
    scalarSchema,
    z.strictObject({ mapValue: z.strictObject({ fields: z.record(z.string(), valueSchema) }) }),
    // An empty list has no values at all.
    z.strictObject({ arrayValue: z.strictObject({ values: z.array(valueSchema).default([]) }) }),
  ]),
);

/**
 * The data of a document.
 * @param fields As `google_firestore_document` takes them. Throws where they are not as the REST API writes them.
 */
export function documentData(fields: string): Record<string, unknown> {
  return dataOf(z.record(z.string(), valueSchema).parse(JSON.parse(fields)));
}

const dataOf = (fields: Record<string, FirestoreValue>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));

function plain(value: FirestoreValue): unknown {
  if ('mapValue' in value) return dataOf(value.mapValue.fields);
  if ('arrayValue' in value) return value.arrayValue.values.map(plain);
  if ('integerValue' in value) return Number(value.integerValue);
  if ('nullValue' in value) return null;
  if ('booleanValue' in value) return value.booleanValue;
  return 'doubleValue' in value ? value.doubleValue : value.stringValue;
}
