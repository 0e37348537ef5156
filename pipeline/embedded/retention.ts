import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Retention } from '../ports/retention.ts';
import type { Database } from './database.ts';
import { type Subscription, subscriptions } from './subscriptions.ts';

/** Rows of one transaction: it is over in some milliseconds, and others write between two of them. */
const atOnce = 50;
/** Transactions of one call. A sweep every two seconds removes more than 200 jobs a second bring. */
const mostTransactions = 12;
/** Nobody moves a message further into the future than this, in milliseconds: the clock was set back. */
const longestAheadMs = 3_600_000;

/** One kind of thing that ages out. */
interface Aging {
  /** For the sentence of an error. */
  what: string;
  isAny(): boolean;
  /** Removes up to `atOnce` of them. */
  remove(): void;
}

/** Removes what has aged out of the database, by indexes. The file keeps its size, and what comes next uses the room. */
export function createEmbeddedRetention(database: Database): Retention {
  const now = () => database.clock.now().getTime();
  const aging: Aging[] = [
    documents('jobs', 'seq'),
    documents('audit', 'id'),
    documents('api_keys', 'id'),
    documents('settings_history', 'id'),
    documents('shares', 'id'),
    documents('metrics', 'id'),
    ...Object.values<Subscription>(subscriptions).flatMap((each) => [
      ...(each.keptMs === null ? [] : [oldMessages(each.name, each.keptMs)]),
      messagesAhead(each),
    ]),
    supernumerary(subscriptions.events),
  ];

  function documents(
    table: 'jobs' | 'audit' | 'api_keys' | 'shares' | 'settings_history' | 'metrics',
    key: string,
  ): Aging {
    const any = database.prepare(`SELECT 1 FROM ${table} WHERE expires_at < ? LIMIT 1`);
    const remove = database.prepare(
      `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
    );
    return {
      what: `remove what has expired in ${table}`,
      isAny: () => any.get(now()) !== undefined,
      remove: () => void remove.run(now(), atOnce),
    };
  }

  function oldMessages(name: string, keptMs: number): Aging {
    const old = 'subscription = ? AND published_at < ?';
    const any = database.prepare(`SELECT 1 FROM messages WHERE ${old} LIMIT 1`);
    const remove = database.prepare(
      `DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE ${old} LIMIT ?)`,
    );
    return {
      what: `remove old messages of ${name}`,
      isAny: () => any.get(name, now() - keptMs) !== undefined,
      remove: () => void remove.run(name, now() - keptMs, atOnce),
    };
  }

  /** A message that waits for a time far ahead would be lost until then. */
  function messagesAhead({ name }: Subscription): Aging {
    const ahead = 'subscription = ? AND due_at > ?';
    const any = database.prepare(`SELECT 1 FROM messages WHERE ${ahead} LIMIT 1`);
    const mend = database.prepare(
      `UPDATE messages SET due_at = ? WHERE id IN (SELECT id FROM messages WHERE ${ahead} LIMIT ?)`,
    );
    return {
      what: `bring back messages of ${name}`,
      isAny: () => any.get(name, now() + longestAheadMs) !== undefined,
      remove: () => void mend.run(now(), name, now() + longestAheadMs, atOnce),
    };
  }

  /** The oldest beyond the number that is kept. */
  function supernumerary({ name, mostKept }: Subscription & { mostKept: number }): Aging {
    const beyond =
      'SELECT id FROM messages WHERE subscription = ? ORDER BY published_at DESC, id DESC LIMIT ? OFFSET ?';
    const any = database.prepare(beyond);
    const remove = database.prepare(`DELETE FROM messages WHERE id IN (${beyond})`);
    return {
      what: `remove messages of ${name} beyond ${mostKept}`,
      isAny: () => any.get(name, 1, mostKept) !== undefined,
      remove: () => void remove.run(name, atOnce, mostKept),
    };
  }

  return {
    async removeExpired() {
      let transactions = 0;
      for (const { what, isAny, remove } of aging) {
        while (transactions < mostTransactions && (await database.read(what, isAny))) {
          await database.write(what, remove);
          transactions++;
          await nextTurn();
        }
      }
    },
  };
}
