import { lastGoodSettings } from '../last-good-settings.ts';
import type { Log, Settings } from '../ports/ports.ts';
import type { Database } from './database.ts';
import { createDocuments } from './documents.ts';

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
  return lastGoodSettings(
    {
      read: (name) => database.read(`read settings/${name}`, () => documents.get(`settings/${name}`) ?? {}),
      writeRouting: (data) =>
        database.write('change settings/routing', () => documents.put('settings/routing', data)),
    },
    database.clock,
    log,
    onInvalid,
  );
}
