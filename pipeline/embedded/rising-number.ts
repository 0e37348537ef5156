import type { Database } from './database.ts';

/**
 * Numbers the writes of a table, within a write: each is larger than all before. They are microseconds since 1970, or one
 * more than the last where the clock has not moved on or was set back. So a number never comes again, also where the
 * document with the largest one was removed.
 */
export function risingNumber(database: Database, table: 'jobs' | 'workers'): () => number {
  const latest = database.prepare(`SELECT max(version) AS latest FROM ${table}`);
  return () => Math.max(Number(latest.get()?.latest ?? 0) + 1, database.clock.now().getTime() * 1_000);
}
