import type { DatabaseSync } from 'node:sqlite';
import { deferredJobs } from './tables/deferred-jobs.ts';
import { documentTables } from './tables/documents.ts';
import { defineFacetsOfDocument, jobFacets } from './tables/job-facets.ts';
import { lanes } from './tables/lanes.ts';
import { messageTables } from './tables/messages.ts';
import { metricsTable } from './tables/metrics.ts';
import { settingsHistory } from './tables/settings-history.ts';
import { shares } from './tables/shares.ts';
import { workSums } from './tables/work-sums.ts';

/**
 * What made the file of each version out of the version before. A migration that was released is never changed: a change
 * of a table is a new one at the end, which must work on whatever the earlier ones have left.
 */
export const migrations: readonly string[] = [
  documentTables,
  messageTables,
  `${workSums} CREATE INDEX api_keys_expiring ON api_keys (expires_at);`,
  lanes,
  deferredJobs,
  jobFacets,
  settingsHistory,
  shares,
  metricsTable,
];

/** The version of the file that this program writes. */
export const newestVersion = migrations.length;

/** The version of a file; 0 for an empty one. */
export function versionOf(connection: DatabaseSync): number {
  return Number(connection.prepare('PRAGMA user_version').get()?.user_version);
}

/** Brings the tables to a version, whichever version they have, as a whole or not at all. */
export function migrate(connection: DatabaseSync, to: number = newestVersion): void {
  if (versionOf(connection) >= to) return;
  // Two programs that start at the same time both come here. The second finds it done.
  connection.exec('BEGIN IMMEDIATE');
  try {
    const from = versionOf(connection);
    if (from < to) defineFacetsOfDocument(connection);
    for (const statements of migrations.slice(from, to)) connection.exec(statements);
    if (from < to) connection.exec(`PRAGMA user_version = ${to}`);
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
