import { RefusedError } from '@spillway/core/errors.ts';
import { isDocumentId, isFieldName, mostIndexedBytes, textProblem, utf8Bytes } from '@spillway/core/text.ts';

/**
 * What Firestore refuses to store, and what it stores without indexing it whole. Google's emulator accepts some
 * of it, and fails at the rest with an error that says nothing, so both adapters check here first.
 * @see https://firebase.google.com/docs/firestore/quotas
 */
const mostDocumentBytes = 1_048_576;
const mostDepth = 20;
const mostIndexEntries = 40_000;
/** Times that Firestore holds. */
const firstTime = Date.parse('0001-01-01T00:00:00Z');
const lastTime = Date.parse('9999-12-31T23:59:59.999Z');

/** The sums of a walk through a document. */
interface Walk {
  bytes: number;
  values: number;
  unindexed: readonly string[];
}

/**
 * Throws `RefusedError` where the document cannot be stored, with the path of the field at fault.
 * @param unindexed Fields that no index covers, by their paths, with all that is below them.
 */
export function requireStorable(
  collection: string,
  id: string,
  data: object,
  unindexed: readonly string[] = [],
): void {
  if (!isDocumentId(id)) {
    throw new RefusedError(`Firestore cannot have a document in ${collection} with this id.`);
  }
  const walk: Walk = { bytes: utf8Bytes(`${collection}/${id}`) + 32, values: 0, unindexed };
  const problem = valueProblem(data, '', 0, walk) ?? totalProblem(walk);
  if (problem !== null) throw new RefusedError(`Firestore cannot hold ${collection}/${id}: ${problem}.`);
}

function totalProblem({ bytes, values }: Walk): string | null {
  if (bytes > mostDocumentBytes) return `it has ${bytes} bytes, and ${mostDocumentBytes} is the limit`;
  // Each value has one entry in ascending and one in descending order.
  return values * 2 > mostIndexEntries ? `it has ${values} values` : null;
}

/** What is wrong with a value, as a sentence without its full stop; null where nothing is. */
function valueProblem(value: unknown, path: string, depth: number, walk: Walk): string | null {
  walk.values++;
  walk.bytes += 8;
  switch (typeof value) {
    case 'string':
      walk.bytes += utf8Bytes(value);
      return stringProblem(value, path, walk);
    case 'boolean':
      return null;
    case 'number':
      // Firestore holds NaN, but no reader here takes it, and every sum that it is in becomes NaN as well.
      return Number.isFinite(value) ? null : `${path} is no number`;
    case 'object':
      if (value === null) return null;
      if (value instanceof Date) return dateProblem(value, path);
      if (depth > mostDepth) return `${path} is deeper than ${mostDepth} levels`;
      return Array.isArray(value)
        ? arrayProblem(value, path, depth, walk)
        : mapProblem(value, path, depth, walk);
    default:
      return `${path} is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`;
  }
}

function stringProblem(text: string, path: string, { unindexed }: Walk): string | null {
  const problem = textProblem(text, mostIndexedBytes);
  if (problem === null) return null;
  const exempt = unindexed.some((field) => path === field || path.startsWith(`${field}.`));
  const still = exempt ? textProblem(text, mostDocumentBytes) : problem;
  return still === null ? null : `${path} ${still}`;
}

function dateProblem(date: Date, path: string): string | null {
  const time = date.getTime();
  return time >= firstTime && time <= lastTime ? null : `${path} is no time that can be stored`;
}

function arrayProblem(list: readonly unknown[], path: string, depth: number, walk: Walk): string | null {
  for (const [index, inner] of list.entries()) {
    const place = `${path}.${index}`;
    if (Array.isArray(inner)) return `${place} is a list within a list`;
    const problem = valueProblem(inner, place, depth + 1, walk);
    if (problem !== null) return problem;
  }
  return null;
}

function mapProblem(map: object, path: string, depth: number, walk: Walk): string | null {
  for (const [key, inner] of Object.entries(map)) {
    if (!isFieldName(key)) return `${path || 'it'} has a key that is no name of a field`;
    walk.bytes += utf8Bytes(key) + 1;
    const problem = valueProblem(inner, path === '' ? key : `${path}.${key}`, depth + 1, walk);
    if (problem !== null) return problem;
  }
  return null;
}
