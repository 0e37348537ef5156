import { type Index, type IndexFile, indexesOf, type Mode } from './index-file.ts';
import type { Condition, QueryShape, Sort } from './query-shape.ts';

/** What Firestore would do with a query. */
export type Verdict =
  /** Answer it from these indexes: every one that may take part. */
  | { kind: 'served'; by: Index[] }
  /** Refuse it for the lack of this index (FAILED_PRECONDITION), or of one with the same end. */
  | { kind: 'index_missing'; index: { path: string; mode: Mode }[] }
  /** Refuse it whatever indexes there are (INVALID_ARGUMENT). */
  | { kind: 'not_allowed'; why: string };

/** Alternatives of one query, and fields with ranges. @see https://firebase.google.com/docs/firestore/query-data/queries */
const most = { alternatives: 30, rangeFields: 10 } as const;

const nameField = '__name__';

/**
 * Holds a query against the indexes of a file, by the documented rules:
 * - Every query is answered from indexes. All conditions on one value (`==`, `in`, `array-contains`) come first in an
 *   index, in any order; then what is sorted by, in its order and direction; then what is added up; then the name.
 * - Several indexes are merged if they have the same end, so that each needs only some of the conditions.
 * - A field with a range is sorted by, too: after the fields that the query names, in the order of the fields' names.
 * - One field has its indexes of itself, unless it is exempt. Beyond one collection nothing has.
 *
 * @see https://firebase.google.com/docs/firestore/query-data/index-overview
 * @see https://firebase.google.com/docs/firestore/query-data/multiple-range-fields
 * @see https://firebase.google.com/docs/firestore/query-data/aggregation-queries
 */
export function judge(shape: QueryShape, file: IndexFile): Verdict {
  const why = notAllowed(shape);
  if (why !== null) return { kind: 'not_allowed', why };
  const fields = [
    ...shape.alternatives.flat().map(({ path }) => path),
    ...shape.orderBy.map(({ path }) => path),
    ...shape.sums,
  ];
  const indexes = indexesOf(file, shape.collection, fields).filter(({ group }) => group === shape.group);
  const used = new Set<Index>();
  for (const conditions of shape.alternatives) {
    const need = needOf(conditions, shape);
    const serving = indexes.filter((index) => mayServe(index, need));
    if (!isCovered(need, serving)) return { kind: 'index_missing', index: idealIndex(need) };
    for (const index of serving) used.add(index);
  }
  return { kind: 'served', by: [...used] };
}

function notAllowed({ alternatives, disjunctions }: QueryShape): string | null {
  if (disjunctions > most.alternatives) {
    return `A query has at most ${most.alternatives} alternatives, this one has ${disjunctions}.`;
  }
  for (const conditions of alternatives) {
    if (conditions.filter(({ kind }) => kind === 'contains').length > 1) {
      return 'A query has at most one array-contains in each alternative.';
    }
    if (pathsOf(conditions, 'range').size > most.rangeFields) {
      return `A query has ranges on at most ${most.rangeFields} fields.`;
    }
  }
  return null;
}

/** What one alternative needs of an index. */
interface Need {
  /** Fields of conditions on one value. */
  values: Map<string, 'equal' | 'contains'>;
  /** The end of the index, without the name. */
  end: Sort[];
  /** Added up, in any order: after the end. */
  sums: string[];
  /** The order of names, where the query asks for one that does not follow from the end. */
  name: Sort['direction'];
}

function needOf(conditions: Condition[], { orderBy, sums }: QueryShape): Need {
  const values = new Map(
    conditions.flatMap(({ path, kind }) => (kind === 'range' ? [] : [[path, kind] as const])),
  );
  // What has one value has no order; `array-contains` leaves an array's order open.
  const isFixed = (path: string) => values.get(path) === 'equal';
  const sorted = orderBy.filter(({ path }) => path !== nameField && !isFixed(path));
  const lastDirection = orderBy.at(-1)?.direction ?? 'ASCENDING';
  const ranges = [...pathsOf(conditions, 'range')]
    .filter((path) => path !== nameField && !isFixed(path) && !sorted.some((sort) => sort.path === path))
    .sort()
    .map((path): Sort => ({ path, direction: lastDirection }));
  const end = [...sorted, ...ranges];
  const inEnd = new Set(end.map(({ path }) => path));
  const named = orderBy.find(({ path }) => path === nameField)?.direction;
  return {
    values,
    end,
    sums: sums.filter((path) => !inEnd.has(path) && !isFixed(path)),
    name: named ?? end.at(-1)?.direction ?? 'ASCENDING',
  };
}

/** Whether an index has the right end, and before it nothing but fields of conditions on one value. */
function mayServe(index: Index, need: Need): boolean {
  const { fields, name } = withoutName(index);
  const last = need.end.length + need.sums.length;
  const head = fields.slice(0, fields.length - last);
  if (fields.length < last || (head.length === 0 && last === 0)) return false;
  const end = fields.slice(head.length, head.length + need.end.length);
  const sums = fields.slice(head.length + need.end.length);
  return (
    head.every(({ path, mode }) => need.values.get(path) === (mode === 'CONTAINS' ? 'contains' : 'equal')) &&
    end.every(({ path, mode }, at) => need.end[at]?.path === path && need.end[at].direction === mode) &&
    need.sums.every((path) => sums.some((field) => field.path === path && field.mode !== 'CONTAINS')) &&
    // Added-up fields stand behind the order of names that the query needs, which it seldom does.
    (need.sums.length > 0 || name === need.name)
  );
}

/** Every index ends with the document's name, in the direction of the field before it. */
function withoutName({ fields }: Index) {
  const last = fields.at(-1);
  if (last?.path === nameField) return { fields: fields.slice(0, -1), name: last.mode };
  return { fields, name: last?.mode === 'DESCENDING' ? 'DESCENDING' : 'ASCENDING' };
}

function isCovered(need: Need, serving: Index[]): boolean {
  const covered = new Set(serving.flatMap(({ fields }) => fields.map(({ path }) => path)));
  const wanted = [...need.values.keys()].filter((path) => path !== nameField);
  if (wanted.length === 0 && need.end.length === 0 && need.sums.length === 0) {
    // All documents in the order of their names need no index; in the other direction they do.
    return need.name === 'ASCENDING' || serving.length > 0;
  }
  return serving.length > 0 && wanted.every((path) => covered.has(path));
}

function idealIndex({ values, end, sums }: Need): { path: string; mode: Mode }[] {
  const mode = (kind: 'equal' | 'contains'): Mode => (kind === 'contains' ? 'CONTAINS' : 'ASCENDING');
  return [
    ...[...values].map(([path, kind]) => ({ path, mode: mode(kind) })),
    ...end.map(({ path, direction }) => ({ path, mode: direction })),
    ...sums.map((path) => ({ path, mode: 'ASCENDING' as const })),
  ];
}

function pathsOf(conditions: Condition[], kind: Condition['kind']): Set<string> {
  return new Set(conditions.flatMap((condition) => (condition.kind === kind ? [condition.path] : [])));
}
