import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { InvalidCursorError } from '@spillway/core/errors.ts';
import type { Target } from '@spillway/core/job.ts';
import { type JobFilter, matchesFilter } from '@spillway/core/job-filter.ts';
import type { JobChange, JobFeed, ListedJob, Stored } from '../ports/jobs.ts';
import { type Condition, conditionsOf, indexFor } from './job-conditions.ts';
import { type JobTable, readColumns, versionOf } from './job-table.ts';
import { waitingOn } from './tables/work-sums.ts';
import { watchDatabase } from './watch-database.ts';

const beforeAll = Number.MAX_SAFE_INTEGER;

/** What people see of `jobs/` in SQLite. */
export function createJobFeed({ database, list, readOrReport }: JobTable): JobFeed {
  const queued = database.prepare(waitingOn);
  const processing = database.prepare(
    `SELECT count(*) AS jobs FROM jobs WHERE state = 'processing' AND target = ?`,
  );
  const since = database.prepare(`SELECT ${readColumns} FROM jobs WHERE version > ? ORDER BY version`);
  const firstFailed = database.prepare(
    'SELECT min(created_at) AS at FROM jobs WHERE error_code = ? AND created_at >= ?',
  );
  const latest = database.prepare('SELECT max(version) AS version FROM jobs');

  function newest(filter: JobFilter, limit: number, before = beforeAll): Stored[] {
    const { statement, values } = newestOf(filter);
    return list(statement, [...values, before], limit);
  }

  function newestOf(filter: JobFilter): { statement: StatementSync; values: SQLInputValue[] } {
    const conditions = conditionsOf(filter);
    const statement = database.prepare(
      `SELECT ${readColumns} ${whereOf(filter, conditions)} AND seq < ? ORDER BY seq DESC`,
    );
    return { statement, values: conditions.map(({ value }) => value) };
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
    count(filter, most) {
      return database.read('count jobs', () => {
        const conditions = conditionsOf(filter);
        const counted = database.prepare(
          `SELECT count(*) AS jobs FROM (SELECT 1 ${whereOf(filter, conditions)} LIMIT ?)`,
        );
        const jobs = Number(counted.get(...conditions.map(({ value }) => value), most + 1)?.jobs);
        return jobs > most ? { jobs: most, exact: 'more_than' } : { jobs, exact: 'exactly' };
      });
    },
    firstFailed(errorCode, from) {
      return database.read('find the first failure', () => {
        const at = firstFailed.get(errorCode, from.getTime())?.at;
        return typeof at === 'number' ? new Date(at) : null;
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
        const matching = all.filter(({ job }) => matchesFilter(job, filter));
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

/** Without the name of an index SQLite may choose one of another column, or the order of the table. */
function whereOf(filter: JobFilter, conditions: readonly Condition[]): string {
  const index = indexFor(filter);
  const from = index === null ? 'jobs' : `jobs INDEXED BY ${index}`;
  return `FROM ${from} WHERE ${['deleted_at IS NULL', ...conditions.map(({ sql }) => sql)].join(' AND ')}`;
}

/** @throws InvalidCursorError where it is no number. */
function decodeCursor(cursor: string): number {
  if (!/^\d{1,16}$/.test(cursor)) throw new InvalidCursorError();
  return Number(cursor);
}
