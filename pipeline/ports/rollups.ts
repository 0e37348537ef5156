import type { Job } from '@spillway/core/job.ts';
import type { Seen } from '@spillway/core/rollups/document.ts';
import type { Mark } from '@spillway/core/rollups/mark.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { GiveBackReason } from '@spillway/core/telemetry-metrics.ts';

/** A document of `metrics/`. Ids of a kind have the order of their times. */
export interface MetricsDocument {
  id: string;
  /** JSON, of up to a mebibyte. */
  content: string;
  /** Null for one that is kept. */
  expiresAt: Date | null;
}

/** A document as it was read. */
export interface ReadMetrics {
  readonly document: MetricsDocument;
  /** Opaque to everything but the store that made it. */
  readonly version: unknown;
}

/** A document and what it was read as; null where it was not there. */
export interface MetricsChange {
  before: ReadMetrics | null;
  next: MetricsDocument;
}

/**
 * `metrics/`: rollups, the shards that they are merged from, and the log of alerts. All methods throw `OutageError` and
 * `RefusedError`.
 */
export interface MetricsDocuments {
  /** Keeps a new document. Does nothing where there is one with that id already. */
  create(document: MetricsDocument): Awaitable<void>;
  /** Documents from the id `first` on and before the id `end`, in the order of their ids. */
  between(first: string, end: string, limit: number): Awaitable<ReadMetrics[]>;
  /** Those of the ids that there are. */
  get(ids: readonly string[]): Awaitable<ReadMetrics[]>;
  /**
   * Writes and removes all that is named, or nothing: false where a document was changed since it was read, and where this
   * was so. Up to 400 documents.
   */
  replace(changes: readonly MetricsChange[], removed: readonly string[]): Awaitable<boolean>;
}

/**
 * What the use cases tell of what they do, for the rollups. A fact is told once, by the code that has just made it true. No
 * method ever throws or waits.
 */
export interface Recorder {
  /** The job has just ended, by a write of this process. */
  ended(job: Job): void;
  /** A decision where the job waits was just written. */
  decided(before: Job, after: Job): void;
  /** An attempt was just taken back from its worker. */
  gaveBack(job: Job, why: GiveBackReason): void;
  deadLetter(): void;
  mark(mark: Omit<Mark, 'at'>): void;
}

/** What this process has told its recorder. */
export interface OwnRecords {
  /** What was told since the last call; null where that is nothing. */
  take(): Seen | null;
  /** Whether there is something to take. */
  readonly hasNews: boolean;
  /** Whether there is a mark to take, which a person has just made and looks for. */
  readonly hasMarks: boolean;
}
