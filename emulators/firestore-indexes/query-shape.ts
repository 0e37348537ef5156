import { z } from 'zod';

/** What a query asks of indexes, without the values that it compares with. */
export interface QueryShape {
  /** Empty where the query is for all collections of whatever name, as when everything is deleted. */
  collection: string;
  /** All collections of that name, wherever they are. */
  group: boolean;
  /** The alternatives of the query, each a list of conditions that must all hold; one, where it has no OR. */
  alternatives: Condition[][];
  /** How many alternatives there are if each value of an `in` or `array-contains-any` counts as one. */
  disjunctions: number;
  /** As the query says it, without what Firestore adds. */
  orderBy: Sort[];
  /** Fields that are added up. */
  sums: string[];
}

export interface Condition {
  path: string;
  kind: 'equal' | 'range' | 'contains';
}

export interface Sort {
  path: string;
  direction: 'ASCENDING' | 'DESCENDING';
}

const fieldSchema = z.object({ fieldPath: z.string() });
/** Protobuf's JSON leaves out what has its default, and libraries put null there. */
const absent = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** Of what a field is compared with, only the number of values matters. */
const valueSchema = absent(
  z.looseObject({ arrayValue: absent(z.looseObject({ values: absent(z.array(z.unknown())) })) }),
);

const filterSchema = z.object({
  fieldFilter: absent(z.object({ field: fieldSchema, op: z.string(), value: valueSchema })),
  unaryFilter: absent(z.object({ field: fieldSchema, op: z.string() })),
  get compositeFilter() {
    return absent(z.object({ op: z.enum(['AND', 'OR']), filters: z.array(filterSchema) }));
  },
});
type Filter = z.infer<typeof filterSchema>;

const structuredQuerySchema = z.object({
  from: z
    .array(z.object({ collectionId: absent(z.string()), allDescendants: absent(z.boolean()) }))
    .length(1),
  where: absent(filterSchema),
  orderBy: absent(z.array(z.object({ field: fieldSchema, direction: absent(z.string()) }))),
});

/** `runQuery`, `runAggregationQuery`, or the target of a `listen`, as the client hands it to gRPC. */
const requestSchema = z.object({
  structuredQuery: absent(structuredQuerySchema),
  structuredAggregationQuery: absent(
    z.object({
      structuredQuery: structuredQuerySchema,
      aggregations: z.array(
        z.object({
          sum: absent(z.object({ field: fieldSchema })),
          avg: absent(z.object({ field: fieldSchema })),
        }),
      ),
    }),
  ),
});

const kinds: Record<string, Condition['kind']> = {
  EQUAL: 'equal',
  IN: 'equal',
  IS_NULL: 'equal',
  IS_NAN: 'equal',
  ARRAY_CONTAINS: 'contains',
  ARRAY_CONTAINS_ANY: 'contains',
  LESS_THAN: 'range',
  LESS_THAN_OR_EQUAL: 'range',
  GREATER_THAN: 'range',
  GREATER_THAN_OR_EQUAL: 'range',
  NOT_EQUAL: 'range',
  NOT_IN: 'range',
  IS_NOT_NULL: 'range',
  IS_NOT_NAN: 'range',
};

/** The shape of a request to Firestore. Throws on one that it does not know, such as a search for neighbours. */
export function shapeOf(request: unknown): QueryShape {
  const { structuredQuery, structuredAggregationQuery } = requestSchema.parse(request);
  const query = structuredQuery ?? structuredAggregationQuery?.structuredQuery;
  const [from] = query?.from ?? [];
  if (!query || !from) throw new Error('A request to Firestore without a query.');
  const sums = (structuredAggregationQuery?.aggregations ?? []).flatMap(({ sum, avg }) => sum ?? avg ?? []);
  return {
    collection: from.collectionId ?? '',
    group: from.allDescendants ?? false,
    alternatives: query.where ? alternativesOf(query.where) : [[]],
    disjunctions: query.where ? disjunctionsOf(query.where) : 1,
    orderBy: (query.orderBy ?? []).map(({ field, direction }) => ({
      path: field.fieldPath,
      direction: direction === 'DESCENDING' ? 'DESCENDING' : 'ASCENDING',
    })),
    sums: [...new Set(sums.map(({ field }) => field.fieldPath))],
  };
}

/** The filter as an OR of ANDs, in which form Firestore answers it. */
function alternativesOf({ fieldFilter, unaryFilter, compositeFilter }: Filter): Condition[][] {
  if (compositeFilter) {
    const parts = compositeFilter.filters.map(alternativesOf);
    if (compositeFilter.op === 'OR') return parts.flat();
    return parts.reduce<Condition[][]>(
      (all, part) => all.flatMap((conditions) => part.map((more) => [...conditions, ...more])),
      [[]],
    );
  }
  const simple = fieldFilter ?? unaryFilter;
  const kind = simple && kinds[simple.op];
  if (!simple || !kind)
    throw new Error(`A filter that is not known: ${JSON.stringify(fieldFilter ?? unaryFilter)}`);
  return [[{ path: simple.field.fieldPath, kind }]];
}

function disjunctionsOf({ fieldFilter, compositeFilter }: Filter): number {
  if (compositeFilter) {
    const counts = compositeFilter.filters.map(disjunctionsOf);
    return compositeFilter.op === 'OR'
      ? counts.reduce((sum, count) => sum + count, 0)
      : counts.reduce((product, count) => product * count, 1);
  }
  const isList = fieldFilter?.op === 'IN' || fieldFilter?.op === 'ARRAY_CONTAINS_ANY';
  return (isList && fieldFilter.value?.arrayValue?.values?.length) || 1;
}

/** In the words of the client library. */
export function inWords({ collection, group, alternatives, orderBy, sums }: QueryShape): string {
  const signs = { equal: '==', range: '<', contains: 'array-contains' } as const;
  const filters = alternatives
    .map((conditions) => conditions.map(({ path, kind }) => `${path} ${signs[kind]} …`).join(' and '))
    .join(' or ');
  return [
    `${group ? 'collectionGroup' : 'collection'}(${collection})`,
    ...(filters ? [`where ${filters}`] : []),
    ...(orderBy.length > 0
      ? [`order by ${orderBy.map(({ path, direction }) => `${path} ${direction}`).join(', ')}`]
      : []),
    ...(sums.length > 0 ? [`sum of ${sums.join(', ')}`] : []),
  ].join(' ');
}
