import {
  type CollectionReference,
  type DocumentSnapshot,
  type Firestore,
  type Query,
  Timestamp,
} from '@google-cloud/firestore';
import { messageOf, UnreadableDocumentError } from '@spillway/core/errors.ts';
import { jobSchema, schemaVersion } from '@spillway/core/job.ts';
import { z } from 'zod';
import type { Stored } from '../ports/jobs.ts';
import type { StoreClock } from '../store-clock.ts';
import { collectionNames } from './collections.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

/** The version of a job's document. Its times are of Firestore's clock, to the microsecond. */
export interface Version {
  updateTime: Timestamp;
  createTime: Timestamp;
  /** The field of that name, where the document was read. */
  createdAt?: Timestamp;
}

/** A list goes past no more than this number of pages with documents that are not valid. */
const mostPages = 20;

/** The collection `jobs/`, and its documents as jobs. */
export interface JobCollection {
  collection: CollectionReference;
  /** Tells the time of Firestore. */
  clock: StoreClock;
  /** @throws UnreadableDocumentError where the document is not valid. */
  get(id: string): Promise<Stored | null>;
  /** The jobs of a query, without those that are not valid and those that do not count. */
  list(query: Query, limit?: number, counts?: (stored: Stored) => boolean): Promise<Stored[]>;
  /**
   * One job in a list. Where the document is not valid, the list is empty and the document is reported, so that
   * it does not hide all others.
   */
  readOrReport(snapshot: DocumentSnapshot): Stored[];
}

export function jobCollection(
  firestore: Firestore,
  clock: StoreClock,
  onInvalid: (item: string, error: unknown) => void,
): JobCollection {
  const collection = firestore.collection(collectionNames.jobs);

  function readOrReport(snapshot: DocumentSnapshot): Stored[] {
    try {
      return [read(snapshot)];
    } catch (error) {
      onInvalid(itemOf(snapshot), error);
      return [];
    }
  }

  return {
    collection,
    clock,
    readOrReport,
    async get(id) {
      const snapshot = await orOutage('Firestore', collection.doc(id).get(), `read job ${id}`);
      clock.answered(snapshot.readTime.toDate());
      return snapshot.exists ? readAlone(snapshot) : null;
    },
    async list(query, limit = Number.POSITIVE_INFINITY, counts = () => true) {
      const jobs: Stored[] = [];
      let rest = Number.isFinite(limit) ? query.limit(limit) : query;
      for (let page = 0; page < mostPages; page++) {
        const { docs, readTime } = await orOutage('Firestore', rest.get(), 'list jobs');
        clock.answered(readTime.toDate());
        jobs.push(...docs.flatMap((snapshot) => readOrReport(snapshot)).filter(counts));
        const last = docs.at(-1);
        if (!last || docs.length < limit || jobs.length >= limit) break;
        rest = query.startAfter(last).limit(limit - jobs.length);
      }
      return jobs;
    },
  };
}

export function versionOf({ version }: Stored): Version {
  return version as Version;
}

/** A name for a document that cannot be read as a job: its object, where the document names one. */
function itemOf(snapshot: DocumentSnapshot): string {
  const name: unknown = snapshot.get('source.name');
  return typeof name === 'string' ? `jobs/${snapshot.id} (${name})` : `jobs/${snapshot.id}`;
}

/** @throws UnreadableDocumentError where it is not valid. */
function readAlone(snapshot: DocumentSnapshot): Stored {
  try {
    return read(snapshot);
  } catch (error) {
    const version: unknown = snapshot.get('schemaVersion');
    const isNewer = typeof version === 'number' && version > schemaVersion;
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UnreadableDocumentError(`${itemOf(snapshot)} is no job: ${why}`, { isNewer, cause: error });
  }
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
  return { job, version, updatedAt: updateTime.toDate(), readAt: snapshot.readTime.toDate() };
}
