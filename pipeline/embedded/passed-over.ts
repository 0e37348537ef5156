import { passedOverSchema } from '@spillway/core/passed-over.ts';
import { idOf, metAgain } from '../passed-over-note.ts';
import type { PassedOverItems } from '../ports/passed-over.ts';
import type { Database } from './database.ts';
import { jsonOf } from './documents.ts';

/** `passed-over/` in SQLite. */
export function createEmbeddedPassedOver(database: Database): PassedOverItems {
  const select = database.prepare('SELECT document FROM passed_over WHERE id = ?');
  const upsert = database.prepare(
    'INSERT OR REPLACE INTO passed_over (id, expires_at, document) VALUES (?, ?, ?)',
  );
  const latest = database.prepare(
    'SELECT document FROM passed_over WHERE expires_at > ? ORDER BY expires_at DESC LIMIT ?',
  );
  const anyExpired = database.prepare('SELECT 1 FROM passed_over WHERE expires_at < ? LIMIT 1');
  const removeExpired = database.prepare('DELETE FROM passed_over WHERE expires_at < ?');
  const now = () => database.clock.now().getTime();
  return {
    note(note) {
      return database.write('note what was passed over', () => {
        const id = idOf(note);
        const before = passedOverSchema.safeParse(jsonOf(select.get(id)?.document));
        const next = metAgain(before.success ? before.data : null, note, database.clock.now());
        if (next) upsert.run(id, next.expiresAt.getTime(), JSON.stringify(next));
      });
    },
    recent(limit) {
      return database.read('list what was passed over', () =>
        latest.all(now(), limit).flatMap(({ document }) => {
          const read = passedOverSchema.safeParse(jsonOf(document));
          return read.success ? [read.data] : [];
        }),
      );
    },
    async removeExpired() {
      const isAny = await database.read(
        'list what was passed over',
        () => anyExpired.get(now()) !== undefined,
      );
      if (!isAny) return;
      await database.write('forget what was passed over', () => {
        removeExpired.run(now());
      });
    },
  };
}
