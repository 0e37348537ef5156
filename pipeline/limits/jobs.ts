import type { Job } from '@spillway/core/job.ts';
import type { JobFilter } from '@spillway/core/job-filter.ts';
import { isDocumentId, mostIndexedBytes, textProblem } from '@spillway/core/text.ts';
import type { JobPorts } from '../ports/jobs.ts';
import { requireStorable } from './document.ts';

/** Fields of a job that no query names and no index covers. `firestore.indexes.json` lists the same. */
export const unindexedFields = ['error.message', 'options', 'result.notes', 'route.explanation'] as const;

/**
 * Job ports that write only what Firestore can hold, and throw `RefusedError` before they write anything else. No
 * document has an id or a value that cannot be stored, so a search for one finds nothing.
 */
export function limitedJobs(ports: JobPorts): JobPorts {
  const { jobs, feed } = ports;
  return {
    ...ports,
    jobs: {
      async create(job) {
        requireStorable('jobs', job.id, job, unindexedFields);
        return jobs.create(job);
      },
      async get(id) {
        return isDocumentId(id) ? jobs.get(id) : null;
      },
      async replace(stored, next) {
        requireStorable('jobs', next.id, changed(stored.job, next), unindexedFields);
        return jobs.replace(stored, next);
      },
      async existing(ids) {
        return jobs.existing(ids.filter(isDocumentId));
      },
      async ofSource(source) {
        return isStorable(source.name) && isStorable(source.bucket) && isStorable(source.generation)
          ? jobs.ofSource(source)
          : [];
      },
    },
    feed: {
      ...feed,
      async find(filter, limit, cursor) {
        return canMatch(filter) ? feed.find(filter, limit, cursor) : { jobs: [], cursor: null };
      },
      async count(filter, most) {
        return canMatch(filter) ? feed.count(filter, most) : { jobs: 0, exact: 'exactly' };
      },
      watch(filter, limit, onChanges, onError) {
        if (canMatch(filter)) return feed.watch(filter, limit, onChanges, onError);
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
    },
  };
}

/** Only the changes are judged: what is in the document already must not keep a job from its end. */
function changed(before: Job, next: Job): Partial<Job> {
  const entries = Object.entries(next).filter(([key, value]) => value !== before[key as keyof Job]);
  return Object.fromEntries(entries);
}

function canMatch(filter: JobFilter): boolean {
  return Object.values(filter).every((value) => typeof value !== 'string' || isStorable(value));
}

function isStorable(text: string): boolean {
  return textProblem(text, mostIndexedBytes) === null;
}
