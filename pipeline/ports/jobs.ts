import type { FailureCode } from '@spillway/core/errors.ts';
import type { Job, Ledger, SideLedger, Target } from '@spillway/core/job.ts';
import type { JobCount, JobFilter } from '@spillway/core/job-filter.ts';
import type { Counted } from '@spillway/core/rollups/rollup.ts';
import type { Lanes } from '@spillway/core/routing/lanes.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

/** A document as it was read or written, with what the store needs to know whether it has changed since. */
export interface Stored {
  readonly job: Job;
  /** Opaque to everything but the store that made it. */
  readonly version: unknown;
  readonly updatedAt: Date;
  /** When the store read or wrote it. This time and `updatedAt` are of the store's own clock. */
  readonly readAt: Date;
}

export type Creation = { kind: 'created'; stored: Stored } | { kind: 'exists'; stored: Stored };

/** What a watch can be told to follow. */
export type WatchFilter = Pick<JobFilter, 'owner' | 'upload' | 'batch' | 'operation' | 'state' | 'target'>;

export interface JobPage {
  jobs: Job[];
  /** Pass it on to read the following page; null on the last one. */
  cursor: string | null;
}

/** A job in a list that people see. */
export interface ListedJob {
  stored: Stored;
  /**
   * Orders the writes of all jobs, character by character: a later write never has a smaller one. Jobs that were written
   * at one moment may share it; all of them are told together.
   */
  position: string;
}

export interface JobChange extends ListedJob {
  /** False when the job no longer matches the filter or has fallen out of its limit. */
  present: boolean;
}

export interface Watch {
  stop(): void;
}

/**
 * The documents `jobs/`. All methods throw `OutageError` when the database does not answer. A write whose reply was
 * lost is looked up again before it is called refused.
 */
export interface JobDocuments {
  /** Creates the document; the store sets `createdAt`. An existing document is returned untouched. */
  create(job: Job): Awaitable<Creation>;
  /** @throws UnreadableDocumentError where this version cannot read the document. */
  get(id: string): Awaitable<Stored | null>;
  /** Writes `next` under the next revision if the document is still as in `stored`; null if it was changed in between. */
  replace(stored: Stored, next: Job): Awaitable<Stored | null>;
  /** Those of the ids that have a document, deleted jobs included. Of a document it reads no more than that it is there. */
  existing(ids: readonly string[]): Awaitable<Set<string>>;
  /** All jobs of one generation of one object, deleted ones included. */
  ofSource(source: Pick<Job['source'], 'bucket' | 'name' | 'generation'>): Awaitable<Stored[]>;
}

/** Strongly consistent sums and counts over the job documents, for routing. All methods throw `OutageError`. */
export interface RoutingSums {
  /**
   * What is ahead of this job, without the job itself. On the VMs: all that is claimed, and what waits there with an
   * earlier turn than `turnAt`; of turns within `disorderAround`, what was created before it. On Cloud Run: all that is
   * open and was created before it.
   */
  ledger(stored: Stored, turnAt: Date): Awaitable<Ledger>;
  /**
   * The same for a job whose turn depends on the work of its owner that is ahead: open on the VMs, created before, with no
   * later deadline to speak of.
   * @param turnAfter Tells the turn from that work in milliseconds. It may be called more than once.
   */
  ledgerInTurn(
    stored: Stored,
    turnAfter: (ownerAheadMs: number) => Date,
  ): Awaitable<{ turnAt: Date; ledger: Ledger }>;
  /** What a group of deferred jobs finds beside the VMs' line: all that is claimed on the VMs, all that is open on Cloud Run. */
  besideLine(): Awaitable<{ running: SideLedger; run: SideLedger }>;
  /**
   * The work of the job's owner that is ahead of it: open on the VMs or deferred, created before, with no later deadline to
   * speak of. Milliseconds of one slot.
   */
  ownerAhead(stored: Stored): Awaitable<number>;
  /**
   * The work that an owner has on the VMs with no later deadline to speak of, whenever it was created: what would be ahead of
   * a job that comes now. Milliseconds of one slot.
   */
  ownerOpen(owner: string | null, deadlineAt: Date): Awaitable<number>;
  /** What is claimed on each side. */
  running(): Awaitable<Record<Target, SideLedger>>;
  /** What waits on a side with an earlier turn than this. */
  waitingBefore(target: Target, turnAt: Date): Awaitable<SideLedger>;
  /** Jobs that were created since then, whatever became of them, and the work that they would be on a VM. */
  arrivedSince(since: Date): Awaitable<SideLedger>;
  /**
   * The same of one operation for the jobs that were created at `from` or later and before `to`. It reads one index entry
   * in a thousand.
   */
  arrivedOf(operation: string, from: Date, to: Date): Awaitable<SideLedger>;
  /** How many jobs succeeded on a side since then. */
  succeededSince(target: Target, since: Date): Awaitable<number>;
  /**
   * Jobs that failed on a side since then, for a reason that may pass and may lie in that side; the oldest
   * first.
   */
  failedSince(target: Target, since: Date, limit: number): Awaitable<Job[]>;
  /** How many jobs ended from one time on and before another, by the state that they ended in. */
  endedWithin(from: Date, until: Date): Awaitable<Counted>;
  /** Sum of what decisions after one time, until another, expected to spend on Cloud Run, in US dollars. */
  runDollars(after: Date, until: Date): Awaitable<number>;
  /**
   * The number of jobs of the batch with the same operation that were created before this one: one for each
   * file.
   */
  batchBefore(stored: Stored): Awaitable<number>;
}

/**
 * Lists of open jobs: what workers take, and what a sweep takes up. All methods throw `OutageError`. Documents that are
 * not valid are left out: a list is shorter than `limit` only where there are no more.
 *
 * All lists but `line`, `heads` and `deferred` begin with the oldest; `after` is a job of the same list, and only those
 * behind it are given.
 * Ages are in milliseconds, and judged by the store's clock at the time of the read.
 */
export interface Backlog {
  /** Queued for a side: for the VMs by their turns, for Cloud Run by when they were published. */
  line(target: Target, limit: number, after?: Stored | null): Awaitable<Stored[]>;
  /**
   * Of the jobs that a VM may take, those in the given lanes, by their turns.
   * @param from Earlier turns are left out. Firestore goes past what was taken from the front of a line for about an hour
   * (https://cloud.google.com/firestore/native/docs/best-practices, "avoid skipping over recently deleted data"), so that
   * a reading that begins further back is quicker.
   */
  heads(lanes: Lanes, limit: number, from?: Date | null): Awaitable<Stored[]>;
  /** Of the jobs that are queued for a side, published or not, the one that was created first. */
  oldestWaiting(target: Target): Awaitable<Stored | null>;
  /** Deferred, in the order of their deadlines: the sweep decides them. */
  deferred(limit: number, after?: Stored | null): Awaitable<Stored[]>;
  /** Queued, not deferred, and never published under their epoch, at least `ageMs` after they were created. */
  unpublished(ageMs: number, limit: number, after?: Stored | null): Awaitable<Stored[]>;
  /** Queued, and published at least `ageMs` ago. */
  published(ageMs: number, limit: number, after?: Stored | null): Awaitable<Stored[]>;
  /** Processing under a claim that has expired. */
  abandoned(limit: number, after?: Stored | null): Awaitable<Stored[]>;
  /** Jobs that have had something in their outbox for at least `ageMs`. */
  outboxes(ageMs: number, limit: number, after?: Stored | null): Awaitable<Stored[]>;
}

/** What people see of the jobs. All methods but `watch` throw `OutageError`. */
export interface JobFeed {
  /**
   * Newest first, without deleted jobs. Where many documents would have to be read for few that match, a page may have
   * fewer than `limit` and lead on all the same.
   * @throws InvalidCursorError where the cursor is none that a page has led on with.
   */
  find(filter: JobFilter, limit: number, cursor: string | null): Awaitable<JobPage>;
  /**
   * How many jobs match, without reading their documents. It counts no further than `most`. Firestore reads one index entry
   * in a thousand.
   */
  count(filter: JobFilter, most: number): Awaitable<JobCount>;
  /** When the first job was created, at `from` or later, that failed with this code; null where none has. Deleted jobs count. */
  firstFailed(errorCode: FailureCode, from: Date): Awaitable<Date | null>;
  /** The newest jobs, as a watch of everybody's would begin. */
  newest(limit: number): Awaitable<ListedJob[]>;
  /** Open jobs by state and side. */
  countOpen(): Awaitable<Record<Target, { queued: number; processing: number }>>;
  /** Calls `onChanges` with the newest `limit` matching jobs now, and with every change from then on. */
  watch(
    filter: WatchFilter,
    limit: number,
    onChanges: (changes: JobChange[]) => void,
    onError: (error: Error) => void,
  ): Watch;
}

/** The four views of the collection `jobs/`. */
export interface JobPorts {
  jobs: JobDocuments;
  sums: RoutingSums;
  backlog: Backlog;
  feed: JobFeed;
}
