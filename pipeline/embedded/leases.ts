import type { Leases } from '../ports/ports.ts';
import type { Database } from './database.ts';

/** `leases/` in SQLite. */
export function createEmbeddedLeases(database: Database): Leases {
  const select = database.prepare('SELECT expires_at FROM leases WHERE name = ?');
  const take = database.prepare(`
    INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE holder = excluded.holder OR expires_at <= ?4
  `);
  return {
    acquire(name, holder, ttlMs) {
      return database.write(`take the lease ${name}`, () => {
        const now = database.clock.now().getTime();
        return take.run(name, holder, now + ttlMs, now).changes > 0;
      });
    },
    endOf(name) {
      return database.read(`read the lease ${name}`, () => {
        const lease = select.get(name);
        return lease ? new Date(Number(lease.expires_at)) : null;
      });
    },
  };
}
