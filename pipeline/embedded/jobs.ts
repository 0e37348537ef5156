import type { Job } from '@spillway/core/job.ts';
import { replaced } from '@spillway/core/transitions.ts';
import type { JobDocuments, JobPorts } from '../ports/jobs.ts';
import { createBacklog } from './backlog.ts';
import type { Database } from './database.ts';
import { createJobFeed } from './job-feed.ts';
import {
  columns,
  columnsOf,
  type JobTable,
  jobTable,
  readColumns,
  type Version,
  versionOf,
} from './job-table.ts';
import { risingNumber } from './rising-number.ts';
import { createRoutingSums } from './routing-sums.ts';

/**
 * `jobs/` in SQLite.
 * @param onInvalid Told of documents that are not valid, which lists leave out.
 */
export function createEmbeddedJobs(
  database: Database,
  onInvalid: (item: string, error: unknown) => void,
): JobPorts {
  const table = jobTable(database, onInvalid);
  return {
    jobs: createJobDocuments(table),
    sums: createRoutingSums(table),
    backlog: createBacklog(table),
    feed: createJobFeed(table),
  };
}

function createJobDocuments({ database, readAlone, list }: JobTable): JobDocuments {
  const nextNumber = risingNumber(database, 'jobs');
  const written = ['seq', 'id', 'version', 'created_at', 'updated_at', ...columns];
  const insert = database.prepare(
    `INSERT INTO jobs (${written.join()}) VALUES (${written.map(() => '?').join()}) ON CONFLICT (id) DO NOTHING`,
  );
  const update = database.prepare(
    `UPDATE jobs SET version = ?, updated_at = ?, ${columns.map((name) => `${name} = ?`).join()} WHERE id = ? AND version = ?`,
  );
  const select = database.prepare(`SELECT ${readColumns} FROM jobs WHERE id = ?`);
  const ofSource = database.prepare(
    `SELECT ${readColumns} FROM jobs WHERE source_name = ? AND source_generation = ? AND source_bucket = ?`,
  );

  return {
    create(job) {
      return database.write(`create job ${job.id}`, () => {
        const seq = nextNumber();
        const createdAt = database.clock.now();
        const created: Job = { ...job, createdAt };
        const ms = createdAt.getTime();
        if (insert.run(seq, job.id, seq, ms, ms, ...columnsOf(created)).changes > 0) {
          const version: Version = { seq, version: seq };
          const stored = { job: created, version, updatedAt: createdAt, readAt: createdAt };
          return { kind: 'created', stored };
        }
        const row = select.get(job.id);
        if (!row) throw new Error(`Job ${job.id} could not be created.`);
        return { kind: 'exists', stored: readAlone(row) };
      });
    },
    get(id) {
      return database.read(`read job ${id}`, () => {
        const row = select.get(id);
        return row ? readAlone(row) : null;
      });
    },
    replace(stored, changed) {
      const before = versionOf(stored);
      const next = replaced(stored.job, changed);
      return database.write(`change job ${next.id}`, () => {
        const version = nextNumber();
        const updatedAt = database.clock.now();
        const values = [version, updatedAt.getTime(), ...columnsOf(next)];
        if (update.run(...values, next.id, before.version).changes === 0) return null;
        const after: Version = { seq: before.seq, version };
        return { job: next, version: after, updatedAt, readAt: updatedAt };
      });
    },
    ofSource({ bucket, name, generation }) {
      return database.read('list the jobs of a source', () =>
        list(ofSource, [name, generation, bucket], Number.MAX_SAFE_INTEGER),
      );
    },
  };
}
