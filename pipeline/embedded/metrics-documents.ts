import type { MetricsDocuments, ReadMetrics } from '../ports/rollups.ts';
import type { Database } from './database.ts';

/** `metrics/` in SQLite. */
export function createEmbeddedMetricsDocuments(database: Database): MetricsDocuments {
  const insert = database.prepare(
    'INSERT OR IGNORE INTO metrics (id, version, expires_at, content) VALUES (?, 1, ?, ?)',
  );
  const put = database.prepare(
    'INSERT OR REPLACE INTO metrics (id, version, expires_at, content) VALUES (?, ?, ?, ?)',
  );
  const select = database.prepare('SELECT id, version, expires_at, content FROM metrics WHERE id = ?');
  const range = database.prepare(
    'SELECT id, version, expires_at, content FROM metrics WHERE id >= ? AND id < ? ORDER BY id LIMIT ?',
  );
  const remove = database.prepare('DELETE FROM metrics WHERE id = ?');
  const versionOf = (id: string) => select.get(id)?.version;
  return {
    create({ id, content, expiresAt }) {
      return database.write('keep what was counted', () => {
        insert.run(id, expiresAt?.getTime() ?? null, content);
      });
    },
    between(first, end, limit) {
      return database.read('read rollups', () => range.all(first, end, limit).map(readRow));
    },
    get(ids) {
      return database.read('read rollups', () =>
        ids.flatMap((id) => {
          const row = select.get(id);
          return row ? [readRow(row)] : [];
        }),
      );
    },
    replace(changes, removed) {
      return database.write('write rollups', () => {
        const isUnchanged = changes.every(({ before, next }) => versionOf(next.id) === before?.version);
        if (!isUnchanged) return false;
        for (const { before, next } of changes) {
          put.run(next.id, Number(before?.version ?? 0) + 1, next.expiresAt?.getTime() ?? null, next.content);
        }
        for (const id of removed) remove.run(id);
        return true;
      });
    },
  };
}

function readRow({ id, version, expires_at, content }: Record<string, unknown>): ReadMetrics {
  const expiresAt = expires_at === null ? null : new Date(Number(expires_at));
  return { document: { id: String(id), content: String(content), expiresAt }, version };
}
