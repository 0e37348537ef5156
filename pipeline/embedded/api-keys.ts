import { type ApiKey, apiKeySchema } from '@spillway/core/api-keys.ts';
import type { ApiKeys } from '../ports/api-keys.ts';
import type { Database } from './database.ts';
import { jsonOf } from './documents.ts';

/** `apiKeys/` in SQLite. */
export function createEmbeddedApiKeys(database: Database): ApiKeys {
  const insert = database.prepare(
    'INSERT INTO api_keys (id, created_at, expires_at, document) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const select = database.prepare('SELECT document FROM api_keys WHERE id = ?');
  const newest = database.prepare('SELECT document FROM api_keys ORDER BY created_at DESC LIMIT ?');
  const update = database.prepare('UPDATE api_keys SET expires_at = ?, document = ? WHERE id = ?');

  const read = (id: string): ApiKey | null => keyIn(select.get(id));
  function change(key: ApiKey): ApiKey {
    update.run(key.expiresAt.getTime(), JSON.stringify(key), key.id);
    return key;
  }

  return {
    create(key) {
      return database.write('keep an API key', () => {
        const times = [key.createdAt.getTime(), key.expiresAt.getTime()];
        return insert.run(key.id, ...times, JSON.stringify(key)).changes > 0;
      });
    },
    get: (id) => database.read('read an API key', () => read(id)),
    list(limit) {
      return database.read('list API keys', () => newest.all(limit).flatMap((row) => keyIn(row) ?? []));
    },
    revoke(id, end) {
      return database.write('revoke an API key', () => {
        const key = read(id);
        return !key || key.revokedAt !== null ? key : change({ ...key, ...end });
      });
    },
    noteUse(id, lastUsedAt) {
      return database.write('note the use of an API key', () => {
        const key = read(id);
        if (key) change({ ...key, lastUsedAt });
      });
    },
  };
}

function keyIn(row: { document?: unknown } | undefined): ApiKey | null {
  return apiKeySchema.safeParse(jsonOf(row?.document)).data ?? null;
}
