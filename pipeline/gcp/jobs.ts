import { isDeepStrictEqual } from 'node:util';
import { FieldValue, type Firestore, type UpdateData } from '@google-cloud/firestore';
import { isDeferred, type Job } from '@spillway/core/job.ts';
import { replaced } from '@spillway/core/transitions.ts';
import type { JobDocuments, JobPorts } from '../ports/jobs.ts';
import type { StoreClock } from '../store-clock.ts';
import { createBacklog } from './backlog.ts';
import { type JobCollection, jobCollection, type Version, versionOf } from './job-collection.ts';
import { createJobFeed } from './job-feed.ts';
import { codeOf, orOutage } from './outages.ts';
import { createRoutingSums } from './routing-sums.ts';

const alreadyExists = 6;
const failedPrecondition = 9;
const notFound = 5;
/** Documents that one request asks for. */
const mostAtOnce = 300;

/**
 * `jobs/` in Firestore.
 * @param onInvalid Told of documents that are not valid, which lists leave out.
 */
export function createFirestoreJobs(
  firestore: Firestore,
  clock: StoreClock,
  onInvalid: (item: string, error: unknown) => void,
): JobPorts {
  const jobs = jobCollection(firestore, clock, onInvalid);
  return {
    jobs: createJobDocuments(jobs),
    sums: createRoutingSums(jobs),
    backlog: createBacklog(jobs),
    feed: createJobFeed(jobs),
  };
}

/** Written with create-only writes and update-time preconditions, never transactions. */
function createJobDocuments({ collection, clock, get, list }: JobCollection): JobDocuments {
  return {
    get,
    async create(job) {
      try {
        const reference = collection.doc(job.id);
        const { writeTime } = await orOutage(
          'Firestore',
          reference.create({ ...storedForm(job), createdAt: FieldValue.serverTimestamp() }),
          `create job ${job.id}`,
        );
        const version: Version = { updateTime: writeTime, createTime: writeTime };
        const createdAt = writeTime.toDate();
        clock.answered(createdAt);
        return {
          kind: 'created',
          stored: { job: { ...job, createdAt }, version, updatedAt: createdAt, readAt: createdAt },
        };
      } catch (error) {
        if (codeOf(error) !== alreadyExists) throw error;
        const stored = await get(job.id);
        if (!stored) throw error;
        // The client repeats a create whose reply was lost. The token tells that the document is ours.
        const ours = stored.job.reservation === job.reservation;
        return { kind: ours ? 'created' : 'exists', stored };
      }
    },
    async replace(stored, changed) {
      const version = versionOf(stored);
      const next = replaced(stored.job, changed);
      const changes = changedFields(stored.job, next);
      try {
        const precondition = { lastUpdateTime: version.updateTime };
        const { writeTime } = await orOutage(
          'Firestore',
          collection.doc(next.id).update(changes, precondition),
          `change job ${next.id}`,
        );
        const writtenAt = writeTime.toDate();
        clock.answered(writtenAt);
        return {
          job: next,
          version: { ...version, updateTime: writeTime } satisfies Version,
          updatedAt: writtenAt,
          readAt: writtenAt,
        };
      } catch (error) {
        if (codeOf(error) === notFound) return null;
        if (codeOf(error) !== failedPrecondition) throw error;
        const current = await get(next.id);
        // A write whose reply was lost is refused when the client repeats it, though it took effect.
        return current && isDeepStrictEqual(current.job, next) ? current : null;
      }
    },
    async existing(ids) {
      const found = await Promise.all(
        groupsOf([...new Set(ids)]).map((group) => {
          const references = group.map((id) => collection.doc(id));
          const reading = collection.firestore.getAll(...references, { fieldMask: ['id'] });
          return orOutage('Firestore', reading, 'look for jobs');
        }),
      );
      return new Set(found.flat().flatMap(({ exists, id }) => (exists ? [id] : [])));
    },
    ofSource(source) {
      return list(
        collection
          .where('source.bucket', '==', source.bucket)
          .where('source.name', '==', source.name)
          .where('source.generation', '==', source.generation),
      );
    },
  };
}

/**
 * The fields of a job's document. A deferred job has neither `publishedAt` nor `route.turnAt`, so it is in no index by
 * these: what was never published is listed without the jobs that wait for the sweep's decision, and so is the line.
 */
function storedForm(job: Job): Record<string, unknown> {
  if (!isDeferred(job)) return job;
  const { publishedAt: _, route, ...rest } = job;
  const { turnAt: __, ...withoutTurn } = route;
  return { ...rest, route: withoutTurn };
}

function groupsOf(ids: string[]): string[][] {
  const groups: string[][] = [];
  for (let at = 0; at < ids.length; at += mostAtOnce) groups.push(ids.slice(at, at + mostAtOnce));
  return groups;
}

/** Only the top-level fields that differ. A transition shares the values that it does not change. */
function changedFields(previous: Job, next: Job): UpdateData<Job> {
  const before = storedForm(previous);
  const after = storedForm(next);
  const entries = Object.entries(after).filter(([key, value]) => value !== before[key]);
  const removed = Object.keys(before).filter((key) => !(key in after));
  return Object.fromEntries([...entries, ...removed.map((key) => [key, FieldValue.delete()])]);
}
