import {
  type DocumentSnapshot,
  FieldPath,
  Filter,
  type Query,
  type QueryDocumentSnapshot,
  Timestamp,
} from '@google-cloud/firestore';
import type { Job, Target } from '@spillway/core/job.ts';
import { isDocumentId } from '@spillway/core/text.ts';
import type { JobFeed, JobFilter, ListedJob } from '../ports/jobs.ts';
import type { JobCollection } from './job-collection.ts';
import { orOutage } from './outages.ts';

/** Of the year 9999: Firestore has no later time. */
const lastSecond = 253_402_300_799;

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
      const query = cursor ? ordered.startAfter(...decodeCursor(cursor)) : ordered;
      const { docs } = await orOutage('Firestore', query.limit(limit + 1).get(), 'find jobs');
      const page = docs.slice(0, limit);
      const last = page.at(-1);
      return {
        jobs: page.flatMap((snapshot) => readOrReport(snapshot)).map(({ job }) => job),
        cursor: last && docs.length > limit ? encodeCursor(last) : null,
      };
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

function matching(query: Query, filter: JobFilter): Query {
  const equals: [string, unknown][] = [
    ['owner', filter.owner],
    ['upload', filter.upload],
    ['batch', filter.batch],
    ['operation', filter.operation],
    ['state', filter.state],
    ['route.target', filter.target],
    ['deletedAt', null],
  ];
  const conditions = equals.filter(([, value]) => value !== undefined);
  return query.where(Filter.and(...conditions.map(([field, value]) => Filter.where(field, '==', value))));
}

function newest(query: Query): Query {
  return query.orderBy('createdAt', 'desc').orderBy(FieldPath.documentId(), 'desc');
}

/** A snapshot has all that was written up to one time, so that a later one brings nothing of before. */
function positionOf({ seconds, nanoseconds }: Timestamp): string {
  return `${String(seconds).padStart(12, '0')}.${String(nanoseconds).padStart(9, '0')}`;
}

function encodeCursor(snapshot: DocumentSnapshot): string {
  const createdAt: unknown = snapshot.get('createdAt');
  if (!(createdAt instanceof Timestamp)) throw new Error(`Job ${snapshot.id} has no creation time.`);
  return `${createdAt.seconds}.${createdAt.nanoseconds}.${snapshot.id}`;
}

function decodeCursor(cursor: string): [Timestamp, string] {
  const [, seconds, nanoseconds, id = ''] = /^(\d{1,12})\.(\d{1,9})\.(\w+)$/.exec(cursor) ?? [];
  const valid = Number(seconds) <= lastSecond && isDocumentId(id);
  // A cursor that was tampered with starts behind all jobs. The client gets an empty page and no error.
  return valid ? [new Timestamp(Number(seconds), Number(nanoseconds)), id] : [new Timestamp(0, 0), '0'];
}
