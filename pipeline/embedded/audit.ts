import { auditEntrySchema } from '@spillway/core/audit.ts';
import { OutageError } from '@spillway/core/errors.ts';
import type { AuditTrail } from '../ports/audit.ts';
import type { Database } from './database.ts';
import { jsonOf } from './documents.ts';
import { readTimePage } from './time-page.ts';

/** `audit/` in SQLite. */
export function createEmbeddedAudit(database: Database): AuditTrail {
  const insert = database.prepare('INSERT INTO audit (id, at, expires_at, document) VALUES (?, ?, ?, ?)');
  const select = database.prepare('SELECT document FROM audit WHERE id = ?');
  const update = database.prepare('UPDATE audit SET document = ? WHERE id = ?');
  const latest = database.prepare(
    'SELECT document FROM audit WHERE (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT ?',
  );
  return {
    begin(entry) {
      return database.write('keep what an admin does', () => {
        insert.run(entry.id, entry.at.getTime(), entry.expiresAt.getTime(), JSON.stringify(entry));
      });
    },
    end(id, outcome, result = null) {
      return database.write('keep what an admin did', () => {
        const entry = jsonOf(select.get(id)?.document);
        if (typeof entry !== 'object') throw new OutageError(`The entry ${id} of the audit is not there.`);
        update.run(JSON.stringify({ ...entry, outcome, result }), id);
      });
    },
    recent(limit, cursor) {
      return database.read('list what admins did', () =>
        readTimePage(latest, [], auditEntrySchema, limit, cursor),
      );
    },
  };
}
