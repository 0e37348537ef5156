import { InvalidCursorError } from '@spillway/core/errors.ts';
import { type JobFilter, matchesFilter } from '@spillway/core/job-filter.ts';
import type { JobChange, JobFeed, ListedJob, Stored, WatchFilter } from '../ports/jobs.ts';
import type { Row } from './row-index.ts';

interface Watcher {
  filter: WatchFilter;
  limit: number;
  seen: Set<string>;
  onChanges: (changes: JobChange[]) => void;
}

export interface MemoryFeed extends JobFeed {
  /** Tells those who watch of a document that was written. */
  written(stored: Stored): void;
}

/** @param rows In the order of creation. */
export function createMemoryFeed(rows: ReadonlyMap<string, Row>): MemoryFeed {
  const watchers = new Set<Watcher>();

  /** The newest first, from a position downwards. */
  function newest(filter: JobFilter, limit: number, from = Number.POSITIVE_INFINITY): Row[] {
    const shown = ({ stored: { job }, position }: Row) => position < from && matchesFilter(job, filter);
    return [...rows.values()].reverse().filter(shown).slice(0, limit);
  }

  function tell(watcher: Watcher, changed: Stored[], first = false): void {
    if (!watchers.has(watcher)) return;
    const shown = new Set(newest(watcher.filter, watcher.limit).map(({ stored }) => stored.job.id));
    const changes: JobChange[] = [];
    for (const stored of changed) {
      const { id } = stored.job;
      if (shown.has(id)) changes.push({ ...listed(stored), present: true });
      else if (watcher.seen.has(id)) changes.push({ ...listed(stored), present: false });
    }
    watcher.seen = shown;
    if (first || changes.length > 0) watcher.onChanges(changes);
  }

  return {
    written(stored) {
      for (const watcher of watchers) queueMicrotask(() => tell(watcher, [stored]));
    },
    countOpen() {
      const count = {
        vm: { queued: 0, processing: 0 },
        run: { queued: 0, processing: 0 },
      };
      for (const { stored } of rows.values()) {
        const { state, route } = stored.job;
        if (state === 'queued' || state === 'processing') count[route.target][state]++;
      }
      return count;
    },
    find(filter, limit, cursor) {
      const last = cursor === null ? undefined : rows.get(cursor);
      if (cursor !== null && !last) throw new InvalidCursorError();
      const found = newest(filter, limit + 1, last?.position);
      const jobs = found.slice(0, limit).map(({ stored }) => stored.job);
      return { jobs, cursor: found.length > limit ? (jobs.at(-1)?.id ?? null) : null };
    },
    count(filter, most) {
      const { length } = newest(filter, most + 1);
      return length > most ? { jobs: most, exact: 'more_than' } : { jobs: length, exact: 'exactly' };
    },
    firstFailed(errorCode, from) {
      for (const { stored } of rows.values()) {
        const { error, createdAt } = stored.job;
        if (error?.code === errorCode && createdAt >= from) return createdAt;
      }
      return null;
    },
    newest(limit) {
      return newest({}, limit).map(({ stored }) => listed(stored));
    },
    watch(filter, limit, onChanges) {
      const watcher: Watcher = { filter, limit, seen: new Set(), onChanges };
      watchers.add(watcher);
      queueMicrotask(() =>
        tell(
          watcher,
          newest(filter, limit).map(({ stored }) => stored),
          true,
        ),
      );
      return { stop: () => void watchers.delete(watcher) };
    },
  };
}

/** The store's versions count its writes. */
function listed(stored: Stored): ListedJob {
  return { stored, position: String(stored.version).padStart(16, '0') };
}
