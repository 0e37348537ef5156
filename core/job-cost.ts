import { prices, runCost } from './prices.ts';

/**
 * What one job uses of the services around it where nothing goes wrong, on a VM and on Cloud Run alike. What is billed by
 * operation is counted on the local stack: `tests/job-bill.emulator.test.ts`.
 */
export const jobUses = {
  firestore: {
    /** Reserved, decided, claimed, ended, announced. */
    writes: 5,
    /** A decision adds up five things. A sum is billed as one read for each thousand jobs that it adds up. */
    readsOfSums: 5,
    /** The summary of the fleet and the router's state. All decisions of a router within a second share one reading. */
    readsOfLook: 2,
    /**
     * A VM reads the head of the line, Cloud Run the document that its message names. Where the line is long, a VM reads a
     * head of some of its lanes: `npm run bench -- line` prints how many.
     */
    readsOfClaim: 1,
    /** The site reads the document whose result it shows. */
    readsOfResult: 1,
    /** The searches for lost uploads, of the last day and of two weeks, look once for the jobs of each upload. */
    readsOfSearches: 2,
    /** The document, by its TTL. */
    deletes: 1,
    /**
     * A document of 2.4 kB and its entries in 21 indexes (emulators/firestore-indexes/index-entries.test.ts) of 125 bytes,
     * for the month that they are kept after the end. Assumed, with https://firebase.google.com/docs/firestore/storage-size.
     */
    storedBytes: 5_000,
  },
  storage: {
    /** The upload, whatever protocol it uses, the result and the receipt. */
    classA: 3,
    /** The notification of the upload; the worker reads the source, and a person the result. */
    classB: 3,
  },
  pubsub: {
    /** The upload's event, the message and the event of the end: published, and delivered to one reader. */
    kilobytes: 7.3,
  },
  /** In all programs together: `tests/logs.test.ts` allows no more. */
  logBytes: 2_000,
  route: {
    /** terraform/functions.tf. */
    shape: { vcpus: 1, memoryGib: 0.5 },
    /** From the event to its answer, with 20, 10 and 30 ms for a query, a read and a write of Firestore. Assumed. */
    ms: 100,
  },
} as const;

/**
 * What a job of a visitor uses beyond that, whose picture has thumbnails. An integrator's has none. Counted by the same
 * test.
 */
export const thumbnailUses = {
  storage: {
    /** All thumbnails and the mask are one object. */
    classA: 1,
    /** A list shows one of them. */
    classB: 1,
  },
  /** The site reads the document of each thumbnail that it sends. */
  firestore: { reads: 1 },
} as const;

/** A line of the bill of one job. */
export interface JobCostLine {
  what: string;
  quantity: number;
  unit: string;
  dollars: number;
}

/**
 * US dollars that a job costs outside of VMs and Cloud Run's workers, line by line. Without its traces, whose share an
 * operator chooses, and without pictures that are kept or sent to people.
 */
export const jobCostLines: readonly JobCostLine[] = [
  line('Storage, class A', jobUses.storage.classA, 'operations', prices.storage.perClassA),
  line('Storage, class B', jobUses.storage.classB, 'operations', prices.storage.perClassB),
  line('Firestore, writes', jobUses.firestore.writes, 'documents', prices.firestore.perWrite),
  line('Firestore, reads', readsOfOneJob(), 'documents', prices.firestore.perRead),
  line('Firestore, searches', jobUses.firestore.readsOfSearches, 'documents', prices.firestore.perRead),
  line('Firestore, deletes', jobUses.firestore.deletes, 'documents', prices.firestore.perDelete),
  line(
    'Firestore, kept for a month',
    jobUses.firestore.storedBytes / 1_000,
    'kB',
    (1_000 * prices.firestore.perGibMonth) / 2 ** 30,
  ),
  line(
    'Pub/Sub',
    jobUses.pubsub.kilobytes,
    'kB',
    (prices.pubsub.smallestMessageBytes * prices.pubsub.perTib) / 2 ** 40,
  ),
  line('Logs', jobUses.logBytes / 1_000, 'kB', (1_000 * prices.logging.perGib) / 2 ** 30),
  line('Route function', 1, 'request', runCost(jobUses.route.ms, jobUses.route.shape)),
];

/** US dollars that a visitor's job costs beyond that, line by line. */
export const thumbnailCostLines: readonly JobCostLine[] = [
  line('Storage, class A', thumbnailUses.storage.classA, 'operations', prices.storage.perClassA),
  line('Storage, class B', thumbnailUses.storage.classB, 'operations', prices.storage.perClassB),
  line('Firestore, reads', thumbnailUses.firestore.reads, 'documents', prices.firestore.perRead),
];

/** The sum of `jobCostLines`. */
export const costOfOneJob: number = jobCostLines.reduce((sum, { dollars }) => sum + dollars, 0);

/** Documents and sums that are read for one job, from its event to its result on the page. */
export function readsOfOneJob(): number {
  const { readsOfSums, readsOfLook, readsOfClaim, readsOfResult } = jobUses.firestore;
  return readsOfSums + readsOfLook + readsOfClaim + readsOfResult;
}

function line(what: string, quantity: number, unit: string, dollarsEach: number): JobCostLine {
  return { what, quantity, unit, dollars: quantity * dollarsEach };
}
