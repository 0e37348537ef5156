import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createDocuments, jsonOf } from '@spillway/pipeline/embedded/documents.ts';
import { readColumns } from '@spillway/pipeline/embedded/job-table.ts';
import { unpacked } from '@spillway/pipeline/embedded/packed-document.ts';
import { collectionNames } from '@spillway/pipeline/gcp/collections.ts';
import type { DocumentPath, Fields, StackDocuments } from './stack-documents.ts';

/** Collections that have a table of their own. The other documents are in one, by their paths. */
const tables: Partial<Record<string, string>> = {
  [collectionNames.workers]: 'workers',
  [collectionNames.apiKeys]: 'api_keys',
  [collectionNames.audit]: 'audit',
  [collectionNames.passedOver]: 'passed_over',
  [collectionNames.settingsHistory]: 'settings_history',
  [collectionNames.shares]: 'shares',
};

/** @param file The database of a stack. */
export async function openEmbeddedDocuments(file: string): Promise<StackDocuments> {
  const database = await openDatabase(file);
  const documents = createDocuments(database);

  function select(path: DocumentPath): unknown {
    const [collection = '', id = ''] = path.split('/');
    const table = tables[collection];
    if (table === undefined) return documents.get(path);
    return jsonOf(database.prepare(`SELECT document FROM ${table} WHERE id = ?`).get(id)?.document);
  }

  return {
    read: (path) => database.read(`read ${path}`, () => fieldsOf(select(path))),
    write: (path, fields) => database.write(`write ${path}`, () => documents.put(path, fields)),
    merge: (path, fields) =>
      database.write(`change ${path}`, () =>
        documents.put(path, merged(fieldsOf(documents.get(path)) ?? {}, fields)),
      ),
    list: (collection) =>
      database.read(`list ${collection}`, () => {
        const table = tables[collection];
        const rows =
          table === undefined
            ? database
                .prepare('SELECT document FROM documents WHERE path GLOB ? ORDER BY path')
                .all(`${collection}/*`)
            : database.prepare(`SELECT document FROM ${table} ORDER BY id`).all();
        return rows.map(({ document }) => jsonOf(document)).filter(isMap);
      }),
    jobs: (range) =>
      database.read('list jobs', () => {
        const rows = range
          ? database
              .prepare(
                `SELECT ${readColumns} FROM jobs WHERE ${range.field.replace('.', '_')} BETWEEN ? AND ?`,
              )
              .all(range.from, range.to)
          : database.prepare(`SELECT ${readColumns} FROM jobs`).all();
        return rows.map(({ document }) => JSON.parse(unpacked(document)));
      }),
    async close() {
      database.close();
    },
  };
}

function fieldsOf(value: unknown): Fields | null {
  return isMap(value) ? value : null;
}

function merged(before: Fields, over: Fields): Fields {
  const all = { ...before };
  for (const [name, value] of Object.entries(over)) {
    const old = all[name];
    all[name] = isMap(old) && isMap(value) ? merged(old, value) : value;
  }
  return all;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
