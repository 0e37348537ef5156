import { FieldPath, type Query, type Timestamp } from '@google-cloud/firestore';
import { isTerminal, jobStates } from '@spillway/core/job.ts';
import type { Backlog, Stored } from '../ports/jobs.ts';
import { type JobCollection, versionOf } from './job-collection.ts';

const endedStates = jobStates.filter(isTerminal);

/** Lists of `jobs/` in Firestore. */
export function createBacklog({ collection, list }: JobCollection): Backlog {
  return {
    line(target, limit) {
      const queued = collection.where('state', '==', 'queued').where('route.target', '==', target);
      const sorted =
        target === 'vm'
          ? queued.orderBy('route.turnAt').orderBy(FieldPath.documentId())
          : queued.where('publishedAt', '!=', null).orderBy('publishedAt');
      return list(sorted, limit);
    },
    unpublished(before, limit, after = null) {
      const query = collection.where('state', '==', 'queued').where('publishedAt', '==', null);
      return list(oldestFirst(query, 'createdAt', before, after), limit);
    },
    published(before, limit, after = null) {
      const query = collection.where('state', '==', 'queued');
      return list(oldestFirst(query, 'publishedAt', before, after), limit);
    },
    abandoned(before, limit, after = null) {
      const query = collection.where('state', '==', 'processing');
      return list(oldestFirst(query, 'claim.expiresAt', before, after), limit);
    },
    unannounced(before, limit, after = null) {
      const query = collection.where('state', 'in', endedStates).where('eventPublishedAt', '==', null);
      return list(oldestFirst(query, 'endedAt', before, after), limit);
    },
  };
}

function oldestFirst(query: Query, field: string, before: Date, after: Stored | null): Query {
  const sorted = query.where(field, '<', before).orderBy(field).orderBy(FieldPath.documentId());
  return after ? sorted.startAfter(timeOf(after, field), after.job.id) : sorted;
}

/** As it is in the document: `createdAt` has microseconds, which a Date has not. */
function timeOf(stored: Stored, field: string): Timestamp | Date {
  const { job } = stored;
  switch (field) {
    case 'createdAt':
      return versionOf(stored).createdAt ?? job.createdAt;
    case 'publishedAt':
      return job.publishedAt ?? new Date(0);
    case 'claim.expiresAt':
      return job.claim?.expiresAt ?? new Date(0);
    default:
      return job.endedAt ?? new Date(0);
  }
}
