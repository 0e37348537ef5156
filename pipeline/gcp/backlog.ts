import { FieldPath, type Query, Timestamp } from '@google-cloud/firestore';
import { targetSchema } from '@spillway/core/job.ts';
import { laneName } from '@spillway/core/routing/lanes.ts';
import type { Backlog, Stored } from '../ports/jobs.ts';
import { type JobCollection, versionOf } from './job-collection.ts';
import { ListStarts } from './list-starts.ts';

const targets = targetSchema.options;

type TimeField =
  | 'route.turnAt'
  | 'route.decideBy'
  | 'createdAt'
  | 'publishedAt'
  | 'claim.expiresAt'
  | 'outbox.since';

/** Lists of `jobs/` in Firestore. */
export function createBacklog({ collection, clock, list }: JobCollection): Backlog {
  const starts = new ListStarts<'unpublished' | 'published' | 'abandoned' | 'outboxes'>(clock);

  return {
    line(target, limit, after = null) {
      const queued = collection.where('state', '==', 'queued').where('route.target', '==', target);
      const sorted =
        target === 'vm'
          ? queued.orderBy('route.turnAt').orderBy(FieldPath.documentId())
          : queued.where('publishedAt', '!=', null).orderBy('publishedAt').orderBy(FieldPath.documentId());
      return list(startAfter(sorted, target === 'vm' ? 'route.turnAt' : 'publishedAt', after), limit);
    },
    heads({ of, numbers }, limit, from = null) {
      const names = numbers.map((number) => laneName(of, number));
      // A worker of an earlier version leaves the lanes of what it claims as they are.
      const queued = collection.where('state', '==', 'queued');
      const inLanes =
        names.length === 1
          ? queued.where('route.lanes', 'array-contains', names[0])
          : queued.where('route.lanes', 'array-contains-any', names);
      const later = from ? inLanes.where('route.turnAt', '>=', from) : inLanes;
      return list(later.orderBy('route.turnAt').orderBy(FieldPath.documentId()), limit);
    },
    async oldestWaiting(target) {
      const queued = collection.where('state', '==', 'queued').where('route.target', '==', target);
      // The second order lets the query use an index that is there for a sum.
      const [oldest] = await list(queued.orderBy('createdAt').orderBy('route.workMs'), 1);
      return oldest ?? null;
    },
    deferred(limit, after = null) {
      const sorted = collection
        .where('route.decideBy', '>', new Date(0))
        .orderBy('route.decideBy')
        .orderBy(FieldPath.documentId());
      return list(startAfter(sorted, 'route.decideBy', after), limit);
    },
    // A deferred job has no field `publishedAt` (`storedForm` in jobs.ts), so it is not among these.
    unpublished(ageMs, limit, after = null) {
      const query = collection.where('state', '==', 'queued').where('publishedAt', '==', null);
      return olderThan('unpublished', query, 'createdAt', ageMs, limit, after);
    },
    published(ageMs, limit, after = null) {
      // Both sides: so it uses the index of the line of Cloud Run.
      const queued = collection.where('state', '==', 'queued').where('route.target', 'in', targets);
      return olderThan('published', queued, 'publishedAt', ageMs, limit, after);
    },
    abandoned(limit, after = null) {
      const claimed = collection.where('state', '==', 'processing');
      return olderThan('abandoned', claimed, 'claim.expiresAt', 0, limit, after);
    },
    outboxes(ageMs, limit, after = null) {
      return olderThan('outboxes', collection, 'outbox.since', ageMs, limit, after);
    },
  };

  /**
   * The query has to name a time before Firestore says what time it is there. Jobs that the clock was wrong
   * about are left out afterwards, by the time of the read.
   */
  async function olderThan(
    name: Parameters<typeof starts.of>[0],
    query: Query,
    field: TimeField,
    ageMs: number,
    limit: number,
    after: Stored | null,
  ): Promise<Stored[]> {
    const before = new Date(clock.now().getTime() - ageMs);
    const start = after ? null : starts.of(name);
    const until = query.where(field, '<=', before);
    const between = start ? until.where(field, '>=', start) : until;
    const sorted = between.orderBy(field).orderBy(FieldPath.documentId());
    const found = await list(
      startAfter(sorted, field, after),
      limit,
      (stored) => msOf(timeOf(stored, field)) <= stored.readAt.getTime() - ageMs,
    );
    if (!after && !start) {
      const [first] = found;
      starts.read(name, before, first ? new Date(msOf(timeOf(first, field))) : null);
    }
    return found;
  }
}

function startAfter(sorted: Query, field: TimeField, after: Stored | null): Query {
  return after ? sorted.startAfter(timeOf(after, field), after.job.id) : sorted;
}

/** The time as it is in the document: `createdAt` has microseconds, which a Date does not have. */
function timeOf(stored: Stored, field: TimeField): Timestamp | Date {
  const { job } = stored;
  switch (field) {
    case 'route.decideBy':
      return job.route.decideBy ?? new Date(0);
    case 'route.turnAt':
      return job.route.turnAt ?? new Date(0);
    case 'createdAt':
      return versionOf(stored).createdAt ?? job.createdAt;
    case 'publishedAt':
      return job.publishedAt ?? new Date(0);
    case 'claim.expiresAt':
      return job.claim?.expiresAt ?? new Date(0);
    case 'outbox.since':
      return job.outbox?.since ?? new Date(0);
  }
}

function msOf(time: Timestamp | Date): number {
  return time instanceof Timestamp ? time.toMillis() : time.getTime();
}
