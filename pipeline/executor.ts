import type { Job, JobProgress, Model, Target } from '@spillway/core/job.ts';
import type { OperationName, OperationOptions } from '@spillway/core/operations.ts';
import type { PackedIndex } from '@spillway/core/packed-pictures.ts';
import type { Release } from '@spillway/core/semaphore.ts';
import type { StepTime } from '@spillway/core/spans.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { AttemptFolders } from './attempt-folders.ts';
import type { Ports } from './ports/ports.ts';
import type { Taker } from './take-turn.ts';

/** What an operation made of a picture. */
export interface OperationOutput {
  path: string;
  contentType: string;
  extension: string;
  width: number;
  height: number;
  /** Pixels of the source that were decoded; null where none were. */
  decodedPixels: number | null;
  model: Model | null;
  /** Who made it, where that is not the worker that has the claim. */
  madeBy?: string;
  /** What a person should know of how it was made, one sentence each. */
  notes: string[];
  /** Where it is left out, none were wanted. */
  thumbnails?: MadeThumbnails;
  /** Milliseconds in the child process. */
  processMs: number;
  /** Milliseconds that it waited for a slot where it was made, if that is not here. */
  slotWaitMs?: number;
  /** The steps in the child process. */
  steps: readonly StepTime[];
}

/** Thumbnails of source and result, and a mask, all in one file. Where they could not be made, the result is good all the same. */
export type MadeThumbnails =
  | { kind: 'not_wanted' }
  | ({ kind: 'made'; path: string } & PackedIndex)
  /** `detail` is for the log: it may name paths. */
  | { kind: 'not_made'; detail: string };

export interface OperationRequest {
  operation: OperationName;
  options: OperationOptions;
  inputPath: string;
  outputPath: string;
  /** Whether thumbnails of source and result are wanted as well. Default: no. */
  thumbnails?: boolean;
  signal: AbortSignal;
  /** Says what the job waits for before its work begins; null once it does. */
  onProgress: (progress: JobProgress | null) => void;
}

/**
 * Does an operation on a file. Throws `PermanentError` when the picture is at fault, `RetryableError` when the attempt
 * is, `MachineError` when this machine is, and `UnexpectedError` when nobody knows yet.
 */
export type Operate = (request: OperationRequest) => Promise<OperationOutput>;

/** One job in a worker's hands. It says how far it is, and waits where the worker has no place for it. */
export interface Flight {
  /** It has this job. */
  claimed(job: Job): void;
  /** Waits until there is room for the job's files. Throws the reason of a signal that is aborted before. */
  room(job: Job, signals: readonly AbortSignal[]): Awaitable<Release>;
  /** The job's source is here. */
  fetched(): void;
  /** It waits for something that its operation needs, such as a model, and for no slot meanwhile. */
  delayed(): void;
  /** Waits for a free slot; the job with the earliest turn is first. Throws as `room` does. */
  slot(job: Job, signals: readonly AbortSignal[]): Awaitable<Release>;
}

/** A worker as the use cases know it: it claims jobs and executes them. */
export interface Executor extends Taker {
  ports: Ports;
  /**
   * Fetches what the operation needs, before it takes a slot. Throws `PermanentError` and `MachineError`. Default: it
   * needs nothing.
   */
  prepare?: (
    request: Pick<OperationRequest, 'operation' | 'options' | 'signal' | 'onProgress'>,
  ) => Awaitable<void>;
  /** As `Operate`, or with an output that is there at once. */
  operate: (request: OperationRequest) => Awaitable<OperationOutput>;
  /** Default: it never waits. */
  flight?: Flight;
  target: Target;
  /**
   * Whether it pulls its messages. One that is not acknowledged then waits alone; a push that is refused holds back all
   * others. Default: a VM does, Cloud Run does not.
   */
  pulls?: boolean;
  /**
   * Whether a message brought it to the job. A VM that took its job without one publishes one where it gives the job back.
   * Default: yes.
   */
  hasMessage?: boolean;
  /** For the files of jobs in progress. */
  folders: AttemptFolders;
  /**
   * Does an operation once with a picture of this worker's own. Resolves to what went wrong, or null. Without it nobody
   * can tell an input that fails from a place where everything does.
   */
  testOperation?: (operation: OperationName) => Awaitable<string | null>;
  /** Aborted when the worker has to leave: what it has not finished by then is given back, uncounted. */
  leaving: AbortSignal;
}
