import type { MachineLack } from '@spillway/core/errors.ts';
import type { Job, JobError, JobProgress, Model, Target } from '@spillway/core/job.ts';
import type { OperationName, OperationOptions } from '@spillway/core/operations.ts';
import type { LearnedServices } from '@spillway/core/routing/service-times.ts';
import type { Ports } from './ports/ports.ts';

/** What an operation made of a picture. */
export interface Processed {
  path: string;
  contentType: string;
  extension: string;
  width: number;
  height: number;
  /** Pixels of the source that were decoded; null where nothing was. */
  decodedPixels: number | null;
  model: Model | null;
  /** What a person should know of how it was made, one sentence each. */
  notes: string[];
  processMs: number;
}

/**
 * Runs an operation on a file. Throws `PermanentError` when the picture is at fault, `RetryableError` when the attempt
 * is, `MachineError` when this machine is, and `UnexpectedError` when nobody knows yet.
 */
export type Process = (request: {
  operation: OperationName;
  options: OperationOptions;
  inputPath: string;
  outputPath: string;
  signal: AbortSignal;
  /** Says what the job waits for before its work begins; null once it does. */
  onProgress: (progress: JobProgress | null) => void;
}) => Promise<Processed>;

export interface Deliverer {
  ports: Ports;
  process: Process;
  /** The worker's id, as in its heartbeat. */
  worker: string;
  target: Target;
  /** Directory for the files of jobs in progress. */
  workDir: string;
  claimMs: number;
  maxAttempts: number;
  /** What this worker has learned of its own service times. */
  learned: () => LearnedServices;
  /**
   * Does an operation once with a picture of this worker's own. Resolves to what went wrong, or null. Without it nobody
   * can tell an input that fails from a place where everything does.
   */
  testOperation?: (operation: OperationName) => Promise<string | null>;
  /** Aborted when the worker has to leave: what it has not finished by then is given back, uncounted. */
  leaving: AbortSignal;
}

/** What became of one delivery of a message. */
export type Delivery =
  | { kind: 'succeeded'; job: Job }
  | { kind: 'failed'; job: Job; error: JobError }
  /** The source is gone, so the job ended `superseded` or `cancelled`. */
  | { kind: 'ended'; job: Job }
  /** Nothing to do: the job has ended, was moved, is in other hands, or is unknown. */
  | { kind: 'dropped'; why: 'ended' | 'moved' | 'claimed' | 'unknown' | 'claim_lost' }
  | GivenBack;

/** The job waits again. */
export interface GivenBack {
  kind: 'given_back';
  why: string;
  /** The job, where its attempt failed for a reason that may lie in the worker; null for all other reasons. */
  failed: Job | null;
  /** Where this machine could not work: what it lacks, and how many bytes the job wanted of its disk. */
  lack: { what: MachineLack; wantedBytes: number } | null;
  /** Whether a message of its own is out again, so that this one may be forgotten. */
  republished: boolean;
}

/** Whether Pub/Sub should forget the message or bring it again. */
export function isSettled(delivery: Delivery): boolean {
  return delivery.kind !== 'given_back' || delivery.republished;
}

/** A delivery that comes again, and nothing else is known of it. */
export function givenBack(error: unknown, changes: Partial<GivenBack> = {}): GivenBack {
  const why = error instanceof Error ? error.message : String(error);
  return { kind: 'given_back', why, failed: null, lack: null, republished: false, ...changes };
}
