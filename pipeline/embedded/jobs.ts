import { isTerminal, type Job } from '@spillway/core/job.ts';
import { replaced } from '@spillway/core/transitions.ts';
import type { JobDocuments, JobPorts } from '../ports/jobs.ts';
import { createBacklog } from './backlog.ts';
import type { Database } from './database.ts';
import { createJobFeed } from './job-feed.ts';
import { columnsOf, type JobTable, jobTable, readColumns, type Version, versionOf } from './job-table.ts';
import { packed } from './packed-document.ts';
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
  /** Statements by the columns that they write. */
  const insertOf = (columns: string[]) =>
    database.prepare(
      `INSERT INTO jobs (${columns.join()}) VALUES (${columns.map(() => '?').join()}) ON CONFLICT (id) DO NOTHING`,
    );
  const updateOf = (columns: string[]) =>
    database.prepare(
      `UPDATE jobs SET ${columns.map((name) => `${name} = ?`).join()} WHERE id = ? AND version = ?`,
    );
  const select = database.prepare(`SELECT ${readColumns} FROM jobs WHERE id = ?`);
  const putOpen = database.prepare('INSERT OR REPLACE INTO open_documents (seq, document) VALUES (?, ?)');
  const removeOpen = database.prepare('DELETE FROM open_documents WHERE seq = ?');
  const putEnded = database.prepare('INSERT OR REPLACE INTO ended_documents (seq, document) VALUES (?, ?)');
  const removeEnded = database.prepare('DELETE FROM ended_documents WHERE seq = ?');
  const selectIds = database.prepare('SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))');
  const ofSource = database.prepare(
    `SELECT ${readColumns} FROM jobs WHERE source_name = ? AND source_generation = ? AND source_bucket = ?`,
  );

  /** Keeps a document where it belongs, and takes it away from where it was. */
  function put(seq: number, job: Job, before: Job | null): void {
    const json = JSON.stringify(job);
    if (isOver(job)) {
      if (before && !isOver(before)) removeOpen.run(seq);
      putEnded.run(seq, packed(json));
    } else {
      if (before && isOver(before)) removeEnded.run(seq);
      putOpen.run(seq, json);
    }
  }

  return {
    create(job) {
      return database.write(`create job ${job.id}`, () => {
        const seq = nextNumber();
        const createdAt = database.clock.now();
        const created: Job = { ...job, createdAt };
        const ms = createdAt.getTime();
        const row = { seq, id: job.id, version: seq, created_at: ms, updated_at: ms, ...columnsOf(created) };
        if (insertOf(Object.keys(row)).run(...Object.values(row)).changes > 0) {
          put(seq, created, null);
          const version: Version = { seq, version: seq };
          const stored = { job: created, version, updatedAt: createdAt, readAt: createdAt };
          return { kind: 'created', stored };
        }
        const existing = select.get(job.id);
        if (!existing) throw new Error(`Job ${job.id} could not be created.`);
        return { kind: 'exists', stored: readAlone(existing) };
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
        const written = {
          version,
          updated_at: updatedAt.getTime(),
          ...changedColumns(stored.job, next),
        };
        const update = updateOf(Object.keys(written));
        if (update.run(...Object.values(written), next.id, before.version).changes === 0) return null;
        put(before.seq, next, stored.job);
        const after: Version = { seq: before.seq, version };
        return { job: next, version: after, updatedAt, readAt: updatedAt };
      });
    },
    existing(ids) {
      return database.read('look for jobs', () => {
        const rows = selectIds.all(JSON.stringify(ids));
        return new Set(rows.map(({ id }) => String(id)));
      });
    },
    ofSource({ bucket, name, generation }) {
      return database.read('list the jobs of a source', () =>
        list(ofSource, [name, generation, bucket], Number.MAX_SAFE_INTEGER),
      );
    },
  };
}

/** Whether nothing is to follow. */
function isOver({ state, outbox }: Job): boolean {
  return isTerminal(state) && outbox === null;
}

/** SQLite rewrites each index that has a column which is written, also with the same value. */
function changedColumns(previous: Job, next: Job): Partial<ReturnType<typeof columnsOf>> {
  const before = columnsOf(previous);
  const changed = Object.entries(columnsOf(next)).filter(
    ([name, value]) => value !== before[name as keyof typeof before],
  );
  return Object.fromEntries(changed);
}
