import type { Job } from '@spillway/core/job.ts';
import { isDocumentId, mostIndexedBytes, textProblem } from '@spillway/core/text.ts';
import type { JobFilter, JobStore } from '../ports/job-store.ts';
import { requireStorable } from './document.ts';

/** Fields of a job that nobody asks for, and that no index covers: `firestore.indexes.json` says the same. */
export const unindexedFields = ['error.message', 'options', 'result.notes', 'route.explanation'] as const;

/**
 * A job store that writes only what Firestore can hold, and throws `RefusedError` before it writes anything else. No
 * document has an id or a value that cannot be stored: who asks for one finds nothing.
 */
export function limitedJobStore<Store extends JobStore>(store: Store): Store {
  return {
    ...store,
    async create(job) {
      requireStorable('jobs', job.id, job, unindexedFields);
      return store.create(job);
    },
    async get(id) {
      return isDocumentId(id) ? store.get(id) : null;
    },
    async replace(stored, next) {
      requireStorable('jobs', next.id, changed(stored.job, next), unindexedFields);
      return store.replace(stored, next);
    },
    async find(filter, limit, cursor) {
      return canMatch(filter) ? store.find(filter, limit, cursor) : { jobs: [], cursor: null };
    },
    async ofSource(source) {
      return isStorable(source.name) && isStorable(source.bucket) && isStorable(source.generation)
        ? store.ofSource(source)
        : [];
    },
    watch(filter, limit, onChanges, onError) {
      if (canMatch(filter)) return store.watch(filter, limit, onChanges, onError);
      let stopped = false;
      queueMicrotask(() => {
        if (!stopped) onChanges([]);
      });
      return {
        stop() {
          stopped = true;
        },
      };
    },
  };
}

/** What is there already must not keep a job from its end. */
function changed(before: Job, next: Job): Partial<Job> {
  const entries = Object.entries(next).filter(([key, value]) => value !== before[key as keyof Job]);
  return Object.fromEntries(entries);
}

function canMatch(filter: JobFilter): boolean {
  return Object.values(filter).every((value) => value === undefined || isStorable(value));
}

function isStorable(text: string): boolean {
  return textProblem(text, mostIndexedBytes) === null;
}
