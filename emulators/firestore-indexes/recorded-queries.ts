import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Index, type IndexFile, modeOf } from './index-file.ts';
import { judge } from './index-rules.ts';
import { inWords, type QueryShape, shapeOf } from './query-shape.ts';
import type { RecordedQuery } from './record-queries.ts';

export interface RecordedReport {
  /** Different queries. */
  queries: number;
  /** Those that production would refuse, one sentence each. */
  refused: string[];
  /** Listed indexes that no query used, as their fields: composite ones, and those of single fields. */
  unused: string[];
}

/** Arguments with which Node notes down a program's queries in a folder. */
export function recordingArguments(folder: string): string[] {
  const recorder = new URL('record-queries.ts', import.meta.url);
  recorder.searchParams.set('into', folder);
  return ['--import', recorder.href];
}

/** Holds the queries that programs noted down in a folder against the listed indexes. */
export async function checkRecordedQueries(folder: string, file: IndexFile): Promise<RecordedReport> {
  return checkQueries(await readRecorded(folder), file);
}

/** Holds queries against the listed indexes. */
export function checkQueries(queries: RecordedQuery[], file: IndexFile): RecordedReport {
  const senders = new Map<string, { shape: QueryShape; by: Set<string> }>();
  for (const { by, request } of queries) {
    const shape = shapeOf(request);
    const key = JSON.stringify(shape);
    const known = senders.get(key) ?? { shape, by: new Set() };
    known.by.add(by);
    senders.set(key, known);
  }
  const refused: string[] = [];
  const used = new Set<string>();
  for (const { shape, by } of senders.values()) {
    const verdict = judge(shape, file);
    const query = `${inWords(shape)}, sent by ${[...by].sort().join(', ')}`;
    switch (verdict.kind) {
      case 'served':
        for (const index of verdict.by) used.add(nameOf(shape.collection, index.fields));
        break;
      case 'index_missing':
        refused.push(`No index serves ${query}. It needs ${nameOf(shape.collection, verdict.index)}.`);
        break;
      case 'not_allowed':
        refused.push(`Firestore refuses ${query}. ${verdict.why}`);
        break;
      default:
        verdict satisfies never;
    }
  }
  const composite = file.indexes.map(({ collectionGroup, fields }) =>
    nameOf(
      collectionGroup,
      fields.map(({ fieldPath, ...mode }) => ({ path: fieldPath, mode: modeOf(mode) })),
    ),
  );
  const single = file.fieldOverrides.flatMap(({ collectionGroup, fieldPath, indexes }) =>
    indexes.map((mode) => nameOf(collectionGroup, [{ path: fieldPath, mode: modeOf(mode) }])),
  );
  const listed = [...composite, ...single];
  return { queries: senders.size, refused, unused: listed.filter((name) => !used.has(name)) };
}

const nameOf = (collection: string, fields: Index['fields']): string =>
  `${collection}(${fields.map(({ path, mode }) => `${path} ${mode}`).join(', ')})`;

async function readRecorded(folder: string): Promise<RecordedQuery[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    // Nobody has sent a query.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return files.flatMap((text) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as RecordedQuery),
  );
}
