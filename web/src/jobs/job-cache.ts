import { type ReadonlySignal, signal } from '@preact/signals';
import type { JobView } from '@spillway/web/api/schema.ts';
import { isNewer } from './job-order.ts';
import { cardKeyOf } from './job-origin.ts';

export type JobUpdate =
  | { kind: 'job'; job: JobView }
  | { kind: 'removed'; id: string }
  /** Ids of the newest jobs. A job that is newer than the last of them and not among them was deleted. */
  | { kind: 'present'; ids: string[] };

export interface JobCache {
  readonly jobs: ReadonlySignal<ReadonlyMap<string, JobView>>;
  /** Card keys of every job that this page has seen, deleted ones included. */
  readonly knownCards: ReadonlySet<string>;
  /** Applies many changes as one update of the signal. */
  apply(changes: JobUpdate[]): void;
}

/** The jobs that a page knows, by id. Beyond `limit` the oldest are dropped, because a page may stay open for days. */
export function createJobCache(limit = 1_000): JobCache {
  const jobs = signal<ReadonlyMap<string, JobView>>(new Map());
  // A deleted job stays deleted, even if a late event mentions it.
  const removed = new Set<string>();
  const knownCards = new Set<string>();
  return {
    jobs,
    knownCards,
    apply(changes) {
      const next = new Map(jobs.peek());
      for (const change of changes) {
        if (change.kind === 'job') knownCards.add(cardKeyOf(change.job));
        if (change.kind === 'present') dropAbsent(next, change.ids);
        else if (change.kind === 'removed' || change.job.deletedAt !== null) {
          const id = change.kind === 'removed' ? change.id : change.job.id;
          removed.add(id);
          next.delete(id);
        } else if (!removed.has(change.job.id) && isNewer(change.job, next.get(change.job.id))) {
          next.set(change.job.id, change.job);
        }
      }
      jobs.value = next.size > limit ? newest(next, limit) : next;
    },
  };
}

function dropAbsent(jobs: Map<string, JobView>, ids: string[]): void {
  const oldest = jobs.get(ids.at(-1) ?? '');
  // Without that job the ages cannot be compared, unless the list is empty: then all jobs are gone.
  if (!oldest && ids.length > 0) return;
  const present = new Set(ids);
  for (const [id, job] of jobs) {
    if (!present.has(id) && (!oldest || job.createdAt > oldest.createdAt)) jobs.delete(id);
  }
}

function newest(jobs: Map<string, JobView>, limit: number): Map<string, JobView> {
  const sorted = [...jobs].sort(([, a], [, b]) => b.createdAt.getTime() - a.createdAt.getTime());
  return new Map(sorted.slice(0, limit));
}
