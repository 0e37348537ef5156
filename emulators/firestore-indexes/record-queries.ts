import { appendFileSync, mkdirSync } from 'node:fs';
import Module from 'node:module';
import { basename, join } from 'node:path';

/**
 * Preloaded (`node --import`) into the programs of a stack that is tested: notes down the queries that Google's client sends
 * to Firestore, each form once. The program knows nothing of it: the folder for the notes, one file a process, is in this
 * module's own address. Firestore's emulator answers every query, so what it was sent is held against the listed indexes
 * afterwards (`recorded-queries.ts`).
 */

/** A line of such a file. */
export interface RecordedQuery {
  /** The program, or the file of a test, that sent it. */
  by: string;
  request: unknown;
}

type Call = (this: unknown, request: unknown, ...rest: unknown[]) => unknown;
interface ListenStream {
  write(request: unknown, ...rest: unknown[]): unknown;
}
type ClientMethods = Record<'runQuery' | 'runAggregationQuery', Call> & {
  listen(this: unknown, ...rest: unknown[]): ListenStream;
};

const folder = new URL(import.meta.url).searchParams.get('into');
if (folder !== null) recordInto(folder, () => basename(process.argv[1] ?? 'node'));

/** @param sender Who sends the query that is under way; null for one that is not to be noted down. */
export function recordInto(directory: string, sender: () => string | null): void {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${process.pid}.jsonl`);
  const seen = new Set<string>();
  const record = (request: unknown) => {
    const by = sender();
    if (by === null) return;
    const recorded: RecordedQuery = { by, request: withoutValues(request) };
    const line = JSON.stringify(recorded);
    if (seen.has(line)) return;
    seen.add(line);
    appendFileSync(file, `${line}\n`);
  };

  // The client is loaded by few programs, and late: waiting for it costs the others nothing.
  const loader = Module as unknown as { _load(this: unknown, name: string, ...rest: unknown[]): unknown };
  const load = loader._load;
  const patched = new WeakSet<object>();
  loader._load = function loadAndPatch(name, ...rest) {
    const loaded = load.call(this, name, ...rest);
    if (name === '@google-cloud/firestore-api') {
      const { FirestoreClient } = (loaded as { v1: { FirestoreClient: { prototype: ClientMethods } } }).v1;
      if (!patched.has(FirestoreClient)) patch(FirestoreClient.prototype, record);
      patched.add(FirestoreClient);
    }
    return loaded;
  };
}

function patch(client: ClientMethods, record: (request: unknown) => void): void {
  for (const method of ['runQuery', 'runAggregationQuery'] as const) {
    const call = client[method];
    client[method] = function recorded(request, ...rest) {
      record(request);
      return call.call(this, request, ...rest);
    };
  }
  const { listen } = client;
  client.listen = function recorded(...args) {
    const stream = listen.apply(this, args);
    const write = stream.write.bind(stream);
    stream.write = (request, ...rest) => {
      const query = (request as { addTarget?: { query?: unknown } | null }).addTarget?.query;
      if (query) record(query);
      return write(request, ...rest);
    };
    return stream;
  };
}

/** What an index depends on. Values, cursors and limits would make a form of each query. Of a list, its length stays. */
function withoutValues(request: unknown): unknown {
  const { structuredQuery, structuredAggregationQuery: aggregation } = request as Record<
    string,
    object | null
  >;
  return {
    ...(structuredQuery ? { structuredQuery: formOf(structuredQuery) } : {}),
    ...(aggregation && 'structuredQuery' in aggregation
      ? {
          structuredAggregationQuery: {
            ...aggregation,
            structuredQuery: formOf(aggregation.structuredQuery),
          },
        }
      : {}),
  };
}

function formOf(query: unknown): unknown {
  const { from, where, orderBy } = query as Record<string, unknown>;
  const text = JSON.stringify({ from, where, orderBy }, (key, value: unknown) =>
    key === 'value' ? lengthOnly(value) : value,
  );
  return JSON.parse(text);
}

function lengthOnly(value: unknown): unknown {
  const { arrayValue } = value as { arrayValue?: { values?: unknown[] } | null };
  return arrayValue ? { arrayValue: { values: (arrayValue.values ?? []).map(() => null) } } : undefined;
}
