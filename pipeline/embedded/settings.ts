import { settingsEntrySchema } from '@spillway/core/settings-history.ts';
import { lastGoodSettings } from '../last-good-settings.ts';
import type { Log, Settings } from '../ports/ports.ts';
import type { Database } from './database.ts';
import { createDocuments, jsonOf } from './documents.ts';
import { readTimePage } from './time-page.ts';

/**
 * `settings/` in SQLite.
 * @param onInvalid See `lastGoodSettings`.
 */
export function createEmbeddedSettings(
  database: Database,
  log: Log,
  onInvalid: (document: string, problem: string) => void,
): Settings {
  const documents = createDocuments(database);
  const insert = database.prepare(
    'INSERT INTO settings_history (id, name, at, expires_at, document) VALUES (?, ?, ?, ?, ?)',
  );
  const select = database.prepare('SELECT document FROM settings_history WHERE id = ?');
  const latest = database.prepare(
    'SELECT document FROM settings_history WHERE name = ? AND (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT ?',
  );
  return lastGoodSettings(
    {
      read: (name) => database.read(`read settings/${name}`, () => documents.get(`settings/${name}`) ?? {}),
      write: (name, data, entry) =>
        database.write(`change settings/${name}`, () => {
          documents.put(`settings/${name}`, data);
          const { id, at, expiresAt } = entry;
          insert.run(id, name, at.getTime(), expiresAt.getTime(), JSON.stringify(entry));
        }),
      history: (name, limit, cursor) =>
        database.read('list changes of settings', () =>
          readTimePage(latest, [name], settingsEntrySchema, limit, cursor),
        ),
      historyEntry: (id) =>
        database.read('read a change of settings', () => {
          const entry = settingsEntrySchema.safeParse(jsonOf(select.get(id)?.document));
          return entry.success ? entry.data : null;
        }),
    },
    database.clock,
    log,
    onInvalid,
  );
}
