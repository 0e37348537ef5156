import { isDeepStrictEqual } from 'node:util';
import {
  type DocumentSnapshot,
  FieldPath,
  FieldValue,
  Filter,
  type Firestore,
  type Query,
  Timestamp,
} from '@google-cloud/firestore';
import { isTerminal, type Job, jobSchema, jobStates, type Target } from '@spillway/core/job.ts';
import { isDocumentId } from '@spillway/core/text.ts';
import { replaced } from '@spillway/core/transitions.ts';
import type { JobFilter, JobStore, Stored } from '../ports/job-store.ts';
import { withDates } from './documents.ts';
import { createJobSums } from './job-sums.ts';
import { codeOf, orOutage } from './outages.ts';

const alreadyExists = 6;
const failedPrecondition = 9;
const notFound = 5;
/** Of the year 9999: Firestore has no later time. */
const lastSecond = 253_402_300_799;
const endedStates = jobStates.filter(isTerminal);

/** What this store keeps as a document's version. Both are Firestore's own clock, to the microsecond. */
interface Version {
  updateTime: Timestamp;
  createTime: Timestamp;
  /** The field of that name, where the document was read. */
  createdAt?: Timestamp;
}

/** Most documents that are not valid of which one list goes past, as a multiple of its limit. */
const mostPages = 20;

/** `jobs/` in Firestore, written with create-only writes and update-time preconditions, never transactions. */
export function createFirestoreJobStore(
  firestore: Firestore,
  onInvalid: (item: string, error: unknown) => void,
): JobStore {
  const collection = firestore.collection('jobs');

  async function get(id: string): Promise<Stored | null> {
    const snapshot = await orOutage('Firestore', collection.doc(id).get(), `read job ${id}`);
    return snapshot.exists ? read(snapshot) : null;
  }

  /** Documents that do not validate are reported and left out: one must not hide all others. */
  async function list(query: Query, limit = Number.POSITIVE_INFINITY): Promise<Stored[]> {
    const jobs: Stored[] = [];
    let rest = Number.isFinite(limit) ? query.limit(limit) : query;
    for (let page = 0; page < mostPages; page++) {
      const { docs } = await orOutage('Firestore', rest.get(), 'list jobs');
      jobs.push(...docs.flatMap((snapshot) => readOrReport(snapshot)));
      const last = docs.at(-1);
      if (!last || docs.length < limit || jobs.length >= limit) break;
      rest = query.startAfter(last).limit(limit - jobs.length);
    }
    return jobs;
  }

  function readOrReport(snapshot: DocumentSnapshot): Stored[] {
    try {
      return [read(snapshot)];
    } catch (error) {
      onInvalid(itemOf(snapshot), error);
      return [];
    }
  }

  const sums = createJobSums(collection);

  return {
    get,
    async create(job) {
      try {
        const reference = collection.doc(job.id);
        const { writeTime } = await orOutage(
          'Firestore',
          reference.create({ ...job, createdAt: FieldValue.serverTimestamp() }),
          `create job ${job.id}`,
        );
        const version: Version = { updateTime: writeTime, createTime: writeTime };
        const createdAt = writeTime.toDate();
        return { kind: 'created', stored: { job: { ...job, createdAt }, version, updatedAt: createdAt } };
      } catch (error) {
        if (codeOf(error) !== alreadyExists) throw error;
        const stored = await get(job.id);
        if (!stored) throw error;
        // The client repeats a create whose reply was lost: the token tells that the document is ours.
        const ours = stored.job.reservation === job.reservation;
        return { kind: ours ? 'created' : 'exists', stored };
      }
    },
    async replace(stored, changed) {
      const version = stored.version as Version;
      const next = replaced(stored.job, changed);
      const changes = changedFields(stored.job, next);
      try {
        const precondition = { lastUpdateTime: version.updateTime };
        const { writeTime } = await orOutage(
          'Firestore',
          collection.doc(next.id).update(changes, precondition),
          `change job ${next.id}`,
        );
        return {
          job: next,
          version: { ...version, updateTime: writeTime } satisfies Version,
          updatedAt: writeTime.toDate(),
        };
      } catch (error) {
        if (codeOf(error) === notFound) return null;
        if (codeOf(error) !== failedPrecondition) throw error;
        const current = await get(next.id);
        // A write whose reply was lost is refused when the client repeats it, though it stands.
        return current && isDeepStrictEqual(current.job, next) ? current : null;
      }
    },
    ledger: (stored, turnAt) => sums.ledger(stored.job, createTimeOf(stored), turnAt),
    ownerAheadMs: (stored) => sums.ownerAheadMs(stored.job, createTimeOf(stored)),
    running: sums.running,
    succeededSince: sums.succeededSince,
    async failedSince(target, since, limit) {
      const failed = collection
        .where('route.target', '==', target)
        .where('state', '==', 'failed')
        .where('error.retryable', '==', true)
        .where('endedAt', '>=', since);
      return (await list(failed.orderBy('endedAt').limit(limit))).map(({ job }) => job);
    },
    runDollarsSince: sums.runDollarsSince,
    batchBefore: (stored) => sums.batchBefore(stored.job, createTimeOf(stored)),
    line(target, limit) {
      const queued = collection.where('state', '==', 'queued').where('route.target', '==', target);
      const sorted =
        target === 'vm'
          ? queued.orderBy('route.turnAt').orderBy(FieldPath.documentId())
          : queued.where('publishedAt', '!=', null).orderBy('publishedAt');
      return list(sorted, limit);
    },
    async countOpen() {
      const count = async (target: Target, state: Job['state']) => {
        const query = collection.where('state', '==', state).where('route.target', '==', target);
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
    ofSource(source) {
      return list(
        collection
          .where('source.bucket', '==', source.bucket)
          .where('source.name', '==', source.name)
          .where('source.generation', '==', source.generation),
      );
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
    watch(filter, limit, onChanges, onError) {
      const query = newest(matching(collection, filter)).limit(limit);
      const stop = query.onSnapshot((snapshot) => {
        const changes = snapshot
          .docChanges()
          .flatMap(({ type, doc }) =>
            readOrReport(doc).map((stored) => ({ stored, present: type !== 'removed' })),
          );
        onChanges(changes);
      }, onError);
      return { stop };
    },
  };
}

/** What names a document that cannot be read as a job: its object, where it says one. */
function itemOf(snapshot: DocumentSnapshot): string {
  const name: unknown = snapshot.get('source.name');
  return typeof name === 'string' ? `jobs/${snapshot.id} (${name})` : `jobs/${snapshot.id}`;
}

function oldestFirst(query: Query, field: string, before: Date, after: Stored | null): Query {
  const sorted = query.where(field, '<', before).orderBy(field).orderBy(FieldPath.documentId());
  return after ? sorted.startAfter(timeOf(after, field), after.job.id) : sorted;
}

/** As it is in the document: `createdAt` has microseconds, which a Date has not. */
function timeOf({ job, version }: Stored, field: string): Timestamp | Date {
  switch (field) {
    case 'createdAt':
      return (version as Version).createdAt ?? job.createdAt;
    case 'publishedAt':
      return job.publishedAt ?? new Date(0);
    case 'claim.expiresAt':
      return job.claim?.expiresAt ?? new Date(0);
    default:
      return job.endedAt ?? new Date(0);
  }
}

function createTimeOf(stored: Stored): Timestamp {
  return (stored.version as Version).createTime;
}

function read(snapshot: DocumentSnapshot): Stored {
  const { updateTime, createTime } = snapshot;
  if (!updateTime || !createTime) throw new Error(`Job ${snapshot.id} was read without its times.`);
  const job = jobSchema.parse(withDates(snapshot.data()));
  const createdAt: unknown = snapshot.get('createdAt');
  const version: Version = {
    updateTime,
    createTime,
    ...(createdAt instanceof Timestamp ? { createdAt } : {}),
  };
  return { job, version, updatedAt: updateTime.toDate() };
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

function encodeCursor(snapshot: DocumentSnapshot): string {
  const createdAt: unknown = snapshot.get('createdAt');
  if (!(createdAt instanceof Timestamp)) throw new Error(`Job ${snapshot.id} has no creation time.`);
  return `${createdAt.seconds}.${createdAt.nanoseconds}.${snapshot.id}`;
}

function decodeCursor(cursor: string): [Timestamp, string] {
  const [, seconds, nanoseconds, id = ''] = /^(\d{1,12})\.(\d{1,9})\.(\w+)$/.exec(cursor) ?? [];
  const valid = Number(seconds) <= lastSecond && isDocumentId(id);
  // A cursor that was tampered with starts behind everything: an empty page, not an error of ours.
  return valid ? [new Timestamp(Number(seconds), Number(nanoseconds)), id] : [new Timestamp(0, 0), '0'];
}

/** Only the top-level fields that differ: transitions share what they leave alone. */
function changedFields(previous: Job, next: Job): Partial<Job> {
  const entries = Object.entries(next).filter(([key, value]) => value !== previous[key as keyof Job]);
  return Object.fromEntries(entries);
}
