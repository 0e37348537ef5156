import type { Database } from './database.ts';

/** Documents by their paths: `settings/routing`. The methods run within `read` or `write` of the database. */
export interface Documents {
  /** The value of its JSON; undefined where there is no such document, and where it is no JSON. */
  get(path: string): unknown;
  put(path: string, value: object): void;
}

export function createDocuments(database: Database): Documents {
  const select = database.prepare('SELECT document FROM documents WHERE path = ?');
  const upsert = database.prepare(
    'INSERT INTO documents (path, document) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET document = excluded.document',
  );
  return {
    get: (path) => jsonOf(select.get(path)?.document),
    put(path, value) {
      upsert.run(path, JSON.stringify(value));
    },
  };
}

/** Undefined where it is no JSON. */
export function jsonOf(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
