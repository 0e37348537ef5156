import { type Share, shareSchema } from '@spillway/core/shares.ts';
import type { Shares } from '../ports/shares.ts';
import type { Database } from './database.ts';
import { jsonOf } from './documents.ts';

/** `shares/` in SQLite. */
export function createEmbeddedShares(database: Database): Shares {
  const insert = database.prepare(
    'INSERT INTO shares (id, owner, created_at, expires_at, document) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const select = database.prepare('SELECT document FROM shares WHERE id = ?');
  const newest = database.prepare(
    'SELECT document FROM shares WHERE owner = ? ORDER BY created_at DESC LIMIT ?',
  );
  const update = database.prepare('UPDATE shares SET expires_at = ?, document = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM shares WHERE id = ?');

  const read = (id: string): Share | null => shareIn(select.get(id));

  return {
    create(share) {
      return database.write('keep a private link', () => {
        const times = [share.createdAt.getTime(), share.expiresAt.getTime()];
        return insert.run(share.id, share.owner, ...times, JSON.stringify(share)).changes > 0;
      });
    },
    get: (id) => database.read('read a private link', () => read(id)),
    ofOwner(owner, limit) {
      return database.read('list private links', () =>
        newest.all(owner, limit).flatMap((row) => shareIn(row) ?? []),
      );
    },
    revoke(id, end) {
      return database.write('revoke a private link', () => {
        const share = read(id);
        if (!share || share.revokedAt !== null) return share;
        const revoked = { ...share, ...end };
        update.run(end.expiresAt.getTime(), JSON.stringify(revoked), id);
        return revoked;
      });
    },
    remove: (id) => database.write('delete a private link', () => void remove.run(id)),
  };
}

function shareIn(row: { document?: unknown } | undefined): Share | null {
  return shareSchema.safeParse(jsonOf(row?.document)).data ?? null;
}
