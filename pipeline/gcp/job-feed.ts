import {
  type DocumentSnapshot,
  FieldPath,
  Filter,
  type Query,
  type QueryDocumentSnapshot,
  Timestamp,
} from '@google-cloud/firestore';
import { InvalidCursorError } from '@spillway/core/errors.ts';
import type { Job, Target } from '@spillway/core/job.ts';
import { type JobFilter, tookIntervals } from '@spillway/core/job-filter.ts';
import { matchesName, termOf } from '@spillway/core/job-search.ts';
import { isDocumentId } from '@spillway/core/text.ts';
import type { JobFeed, ListedJob } from '../ports/jobs.ts';
import type { JobCollection } from './job-collection.ts';
import { orOutage } from './outages.ts';

/** Of the year 9999: Firestore has no later time. */
const lastSecond = 253_402_300_799;
/** Where an index does not tell for sure whether a job matches, a page reads no more than this many documents. */
const mostLookedAt = 300;

/** What people see of `jobs/` in Firestore. */
export function createJobFeed({ collection, readOrReport }: JobCollection): JobFeed {
  const listed = (snapshot: QueryDocumentSnapshot): ListedJob[] =>
    readOrReport(snapshot).map((stored) => ({ stored, position: positionOf(snapshot.updateTime) }));

  return {
    async countOpen() {
      const count = async (target: Target, state: Job['state']) => {
        const open = collection.where('state', '==', state).where('route.target', '==', target);
        // The order lets the query use an index that is there for a sum.
        const query = open.orderBy('createdAt').orderBy('route.workMs');
        return (await orOutage('Firestore', query.count().get(), 'count jobs')).data().count;
      };
      const [vmQueued, vmProcessing, runQueued, runProcessing] = await Promise.all([
        count('vm', 'queued'),
        count('vm', 'processing'),
        count('run', 'queued'),
        count('run', 'processing'),
      ]);
      return {
        vm: { queued: vmQueued, processing: vmProcessing },
        run: { queued: runQueued, processing: runProcessing },
      };
    },
    async find(filter, limit, cursor) {
      const ordered = newest(matching(collection, filter));
      let place: unknown[] | null = cursor === null ? null : decodeCursor(cursor);
      const found: QueryDocumentSnapshot[] = [];
      let looked = 0;
      for (;;) {
        const wanted = limit + 1 - found.length;
        const query = place === null ? ordered : ordered.startAfter(...place);
        const { docs } = await orOutage('Firestore', query.limit(wanted).get(), 'find jobs');
        looked += docs.length;
        found.push(...docs.filter((snapshot) => !isSurelyAnother(snapshot, filter)));
        const last = docs.at(-1);
        const isEnd = last === undefined || docs.length < wanted;
        if (isEnd || found.length > limit || looked >= mostLookedAt) {
          const page = found.slice(0, limit);
          const leadsOn = found.length > limit ? page.at(-1) : isEnd ? undefined : last;
          return {
            jobs: page.flatMap((snapshot) => readOrReport(snapshot)).map(({ job }) => job),
            cursor: leadsOn ? encodeCursor(leadsOn) : null,
          };
        }
        place = [createdAtOf(last), last.id];
      }
    },
    async count(filter, most) {
      const intervals = tookIntervals(filter);
      if (intervals?.length === 0) return { jobs: 0, exact: 'exactly' };
      const query = newest(matching(collection, filter)).limit(most + 1);
      const { count } = (await orOutage('Firestore', query.count().get(), 'count jobs')).data();
      if (count > most) return { jobs: most, exact: 'more_than' };
      const isSure = !filter.name || termOf(filter.name).decides;
      return { jobs: count, exact: isSure || count === 0 ? 'exactly' : 'at_most' };
    },
    async firstFailed(errorCode, from) {
      const failed = collection.where('error.code', '==', errorCode).where('createdAt', '>=', from);
      const query = failed.orderBy('createdAt').select('createdAt').limit(1);
      const { docs } = await orOutage('Firestore', query.get(), 'find the first failure');
      return docs[0] ? createdAtOf(docs[0]).toDate() : null;
    },
    async newest(limit) {
      const query = newest(matching(collection, {})).limit(limit);
      const { docs } = await orOutage('Firestore', query.get(), 'list the newest jobs');
      return docs.flatMap(listed);
    },
    watch(filter, limit, onChanges, onError) {
      const query = newest(matching(collection, filter)).limit(limit);
      const stop = query.onSnapshot((snapshot) => {
        const changes = snapshot
          .docChanges()
          .flatMap(({ type, doc }) => listed(doc).map((job) => ({ ...job, present: type !== 'removed' })));
        onChanges(changes);
      }, onError);
      return { stop };
    },
  };
}

/**
 * Every condition on one value has an index of its own with the order of the list, and Firestore merges these. So any
 * filters go together.
 */
function matching(query: Query, filter: JobFilter): Query {
  const equals: [string, unknown][] = [
    ['owner', filter.owner],
    ['upload', filter.upload],
    ['batch', filter.batch],
    ['operation', filter.operation],
    ['state', filter.state],
    ['route.target', filter.target],
    ['class', filter.class],
    ['route.reason', filter.reason],
    ['error.code', filter.errorCode],
    ['claim.worker', filter.worker],
    ['search.source', filter.source],
    ['deletedAt', null],
  ];
  const conditions = equals
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => Filter.where(field, '==', value));
  if (filter.name) conditions.push(Filter.where('search.terms', 'array-contains', termOf(filter.name).term));
  const intervals = tookIntervals(filter);
  // A list of alternatives must not be empty, and no job has this interval.
  if (intervals) conditions.push(Filter.where('search.took', 'in', intervals.length > 0 ? intervals : [-1]));
  if (filter.from) conditions.push(Filter.where('createdAt', '>=', filter.from));
  if (filter.to) conditions.push(Filter.where('createdAt', '<', filter.to));
  return query.where(Filter.and(...conditions));
}

/** Whether a document with the right term of a name is of a file with another name. */
function isSurelyAnother(snapshot: QueryDocumentSnapshot, { name }: JobFilter): boolean {
  if (!name || termOf(name).decides) return false;
  const fileName: unknown = snapshot.get('source.name');
  return typeof fileName === 'string' && !matchesName(fileName, name);
}

function newest(query: Query): Query {
  return query.orderBy('createdAt', 'desc').orderBy(FieldPath.documentId(), 'desc');
}

/** A snapshot has all that was written up to one time, so that a later one brings nothing of before. */
function positionOf({ seconds, nanoseconds }: Timestamp): string {
  return `${String(seconds).padStart(12, '0')}.${String(nanoseconds).padStart(9, '0')}`;
}

function createdAtOf(snapshot: DocumentSnapshot): Timestamp {
  const createdAt: unknown = snapshot.get('createdAt');
  if (!(createdAt instanceof Timestamp)) throw new Error(`Job ${snapshot.id} has no creation time.`);
  return createdAt;
}

function encodeCursor(snapshot: DocumentSnapshot): string {
  const { seconds, nanoseconds } = createdAtOf(snapshot);
  return `${seconds}.${nanoseconds}.${snapshot.id}`;
}

/** @throws InvalidCursorError where `encodeCursor` makes no such cursor. */
function decodeCursor(cursor: string): [Timestamp, string] {
  const [, seconds, nanoseconds, id = ''] = /^(\d{1,12})\.(\d{1,9})\.(\w+)$/.exec(cursor) ?? [];
  const valid = seconds !== undefined && Number(seconds) <= lastSecond && isDocumentId(id);
  if (!valid) throw new InvalidCursorError();
  return [new Timestamp(Number(seconds), Number(nanoseconds)), id];
}
