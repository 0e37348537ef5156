import {
  type Control,
  controlSchema,
  type Heartbeat,
  heartbeatSchema,
  readHeartbeat,
  type Worker,
} from '@spillway/core/heartbeat.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Log } from '../ports/ports.ts';
import type { Database } from './database.ts';
import { createDocuments, jsonOf } from './documents.ts';
import { risingNumber } from './rising-number.ts';
import { watchDatabase } from './watch-database.ts';

const controlPath = 'controls/';

/** `workers/` and `controls/` in SQLite. */
export function createEmbeddedFleet(database: Database, log: Log): Fleet {
  const documents = createDocuments(database);
  const nextNumber = risingNumber(database, 'workers');
  const all = database.prepare('SELECT id, updated_at, document FROM workers ORDER BY id');
  const upsert = database.prepare(
    'INSERT OR REPLACE INTO workers (id, version, updated_at, expires_at, document) VALUES (?, ?, ?, ?, ?)',
  );
  const removeExpired = database.prepare('DELETE FROM workers WHERE expires_at < ?');
  const anyExpired = database.prepare('SELECT 1 FROM workers WHERE expires_at < ? LIMIT 1');
  const allControls = database.prepare(
    `SELECT path, document FROM documents WHERE path >= '${controlPath}' AND path < 'controls0'`,
  );
  const since = database.prepare('SELECT version, document FROM workers WHERE version > ? ORDER BY version');

  function read() {
    const now = database.clock.now();
    const rows = all.all();
    const workers: Worker[] = [];
    for (const { id, updated_at, document } of rows) {
      const reading = readHeartbeat(jsonOf(document), now.getTime() - Number(updated_at), now);
      if (reading.kind === 'worker') workers.push(reading.worker);
      else log.warn({ worker: id, why: reading.kind }, 'A heartbeat was ignored.');
    }
    return { workers, readAt: now, ignored: rows.length - workers.length };
  }

  return {
    read: () => database.read('read heartbeats', read),
    beat(heartbeat) {
      return database.write('write a heartbeat', () => {
        const { id, expiresAt } = heartbeat;
        const now = database.clock.now().getTime();
        upsert.run(id, nextNumber(), now, expiresAt.getTime(), JSON.stringify(heartbeat));
      });
    },
    async removeExpired() {
      const now = database.clock.now().getTime();
      const isAny = await database.read('list expired heartbeats', () => anyExpired.get(now) !== undefined);
      if (!isAny) return;
      await database.write('forget expired heartbeats', () => {
        removeExpired.run(now);
      });
    },
    control(worker) {
      return database.read('read a control', () =>
        controlSchema.parse(documents.get(`controls/${worker}`) ?? {}),
      );
    },
    controls() {
      return database.read('read controls', () => {
        const controls = new Map<string, Control>();
        for (const { path, document } of allControls.iterate()) {
          const control = controlSchema.safeParse(jsonOf(document));
          if (!control.success || (!control.data.drain && control.data.pause === null)) continue;
          controls.set(String(path).slice(controlPath.length), control.data);
        }
        return controls;
      });
    },
    changeControl(worker, change) {
      return database.write('change a control', () => {
        const path = `controls/${worker}`;
        const before = documents.get(path);
        documents.put(path, { ...(typeof before === 'object' ? before : {}), ...change });
      });
    },
    watch(onChange, onError) {
      let seen = -1;
      const changed = (): Heartbeat[] => {
        const heartbeats: Heartbeat[] = [];
        for (const { version, document } of since.iterate(seen)) {
          seen = Number(version);
          const heartbeat = heartbeatSchema.safeParse(jsonOf(document));
          if (heartbeat.success) heartbeats.push(heartbeat.data);
        }
        return heartbeats;
      };
      let isFirst = true;
      return watchDatabase(database, 'look for heartbeats', {
        look: changed,
        onFound(heartbeats) {
          if (isFirst || heartbeats.length > 0) onChange(heartbeats);
          isFirst = false;
        },
        onError,
      });
    },
  };
}
