import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { Target } from '@spillway/core/job.ts';
import type { JobChange, JobFeed, JobFilter, ListedJob, Stored } from '../ports/jobs.ts';
import { type JobTable, readColumns, versionOf } from './job-table.ts';
import { waitingOn } from './tables/work-sums.ts';
import { watchDatabase } from './watch-database.ts';

/** Columns of a filter, the one first that leaves the fewest jobs. */
const filterColumns = ['upload', 'batch', 'owner', 'state', 'operation', 'target'] as const;

/** Behind all jobs: a cursor that was tampered with brings an empty page and no error. */
const behindAll = 0;
const beforeAll = Number.MAX_SAFE_INTEGER;

/** What people see of `jobs/` in SQLite. */
export function createJobFeed({ database, list, readOrReport }: JobTable): JobFeed {
  const queued = database.prepare(waitingOn);
  const processing = database.prepare(
    `SELECT count(*) AS jobs FROM jobs WHERE state = 'processing' AND target = ?`,
  );
  const since = database.prepare(`SELECT ${readColumns} FROM jobs WHERE version > ? ORDER BY version`);
  const latest = database.prepare('SELECT max(version) AS version FROM jobs');

  function newest(filter: JobFilter, limit: number, before = beforeAll): Stored[] {
    const { statement, values } = newestOf(filter);
    return list(statement, [...values, before], limit);
  }

  function newestOf(filter: JobFilter): { statement: StatementSync; values: SQLInputValue[] } {
    const named = filterColumns.filter((column) => filter[column] !== undefined);
    // Most jobs have succeeded, so that another column leaves fewer of them.
    const narrow = named.filter((column) => column !== 'state' || filter.state !== 'succeeded');
    const [narrowest] = [...narrow, ...named];
    const where = ['deleted_at IS NULL', ...named.map((column) => `${column} = ?`), 'seq < ?'];
    // Without the name of an index SQLite may choose one of another column, or the order of the table.
    const from = narrowest === undefined ? 'jobs' : `jobs INDEXED BY jobs_${narrowest}`;
    const statement = database.prepare(
      `SELECT ${readColumns} FROM ${from} WHERE ${where.join(' AND ')} ORDER BY seq DESC`,
    );
    return { statement, values: named.map((column) => filter[column] ?? null) };
  }

  return {
    countOpen() {
      return database.snapshot('count jobs', () => {
        const count = (target: Target) => ({
          queued: Number(queued.get(target)?.jobs),
          processing: Number(processing.get(target)?.jobs),
        });
        return { vm: count('vm'), run: count('run') };
      });
    },
    find(filter, limit, cursor) {
      return database.read('find jobs', () => {
        const found = newest(filter, limit + 1, cursor === null ? beforeAll : decodeCursor(cursor));
        const page = found.slice(0, limit);
        const last = page.at(-1);
        const isMore = found.length > limit && last !== undefined;
        return { jobs: page.map(({ job }) => job), cursor: isMore ? String(versionOf(last).seq) : null };
      });
    },
    newest: (limit) => database.read('list the newest jobs', () => newest({}, limit).map(listed)),
    watch(filter, limit, onChanges, onError) {
      /** What is shown, by its id. */
      let shown = new Map<string, Stored>();
      let seen = -1;
      return watchDatabase(database, 'look for changed jobs', {
        look: () => (seen < 0 ? begin() : changes()),
        onFound(found) {
          if (found !== null) onChanges(found);
        },
        onError,
      });

      function begin(): JobChange[] {
        seen = Number(latest.get()?.version ?? 0);
        const jobs = newest(filter, limit);
        shown = new Map(jobs.map((stored) => [stored.job.id, stored]));
        return jobs.map((stored) => ({ ...listed(stored), present: true }));
      }

      /** Null where nothing has changed that is or was shown. */
      function changes(): JobChange[] | null {
        const changed = new Map<string, Stored>();
        for (const row of since.iterate(seen)) {
          seen = Number(row.version);
          for (const stored of readOrReport(row)) changed.set(stored.job.id, stored);
        }
        if (changed.size === 0) return null;
        const before = shown;
        shown = next(before, changed);
        const told: JobChange[] = [];
        for (const [id, stored] of shown) {
          if (!before.has(id) || changed.has(id)) told.push({ ...listed(stored), present: true });
        }
        for (const [id, stored] of before) {
          if (!shown.has(id)) told.push({ ...listed(changed.get(id) ?? stored), present: false });
        }
        return told.length > 0 ? told : null;
      }

      function next(before: Map<string, Stored>, changed: Map<string, Stored>): Map<string, Stored> {
        const all = [...new Map([...before, ...changed]).values()];
        const matching = all.filter(({ job }) => job.deletedAt === null && matches(job, filter));
        const ids = new Set(matching.map(({ job }) => job.id));
        const isFull = before.size >= limit;
        const leaves = [...before.keys()].some((id) => !ids.has(id));
        // Where one has left a full list, an older one that nobody has changed may follow.
        const jobs = isFull && leaves ? newest(filter, limit) : matching.sort(newestFirst).slice(0, limit);
        return new Map(jobs.map((stored) => [stored.job.id, stored]));
      }
    },
  };
}

function listed(stored: Stored): ListedJob {
  return { stored, position: String(versionOf(stored).version).padStart(16, '0') };
}

function newestFirst(one: Stored, other: Stored): number {
  return versionOf(other).seq - versionOf(one).seq;
}

function matches(job: Stored['job'], filter: JobFilter): boolean {
  return filterColumns.every((column) => {
    const value = column === 'target' ? job.route.target : job[column];
    return filter[column] === undefined || filter[column] === value;
  });
}

function decodeCursor(cursor: string): number {
  return /^\d{1,16}$/.test(cursor) ? Number(cursor) : behindAll;
}
