import {
  type FailureCode,
  failureCodes,
  type MachineError,
  OutageError,
  PermanentError,
  RefusedError,
  RetryableError,
  UnexpectedError,
} from './errors.ts';
import type { AttemptFailure, Blame, Job, JobError } from './job.ts';
import { machineErrorOf } from './machine-lack.ts';
import { refusalOf } from './refusal.ts';

/**
 * How often machines that cannot work may give one job back uncounted. After that, the job itself may be what exhausts
 * them, and it must end. A machine that pauses takes nothing, so a full disk alone never reaches this limit.
 */
export const mostMachineFaults = 20;

/** The consequence of a failed attempt for its job. */
export type AttemptVerdict =
  /** The job ends. */
  | { kind: 'ends'; error: JobError }
  /** This was the last attempt. The worker's test picture tells whether the input is to blame. */
  | { kind: 'ends_at_last'; error: JobError }
  /** Our code threw the same error as before. The job ends `unprocessable` if the worker's test picture goes well. */
  | { kind: 'repeats'; failure: AttemptFailure; isLast: boolean }
  /** The job is tried again, and the attempt counts. */
  | { kind: 'tried_again'; failure: AttemptFailure }
  /** A service did not answer, or the worker leaves: the attempt does not count. */
  | { kind: 'handed_back'; why: 'outage' | 'leaving' }
  /** The machine cannot work: the attempt does not count, and the job goes elsewhere. */
  | { kind: 'left_by_machine'; fault: MachineError };

/**
 * Judges a failed attempt by its error and by the job's earlier attempts.
 * @param leaving Whether the worker leaves and has therefore cut the attempt off.
 */
export function judgeAttempt(
  job: Pick<Job, 'attempt' | 'lastFailure' | 'machineFaults' | 'createdAt'>,
  error: unknown,
  { maxAttempts, leaving, now }: { maxAttempts: number; leaving: boolean; now: Date },
): AttemptVerdict {
  if (error instanceof PermanentError) return ends(error.code, error.message, false, 'input');
  const refusal = error instanceof RefusedError ? refusalOf(job, error, now) : null;
  if (refusal) return { kind: 'ends', error: { ...refusal, blame: 'unknown' } };
  if (leaving) return { kind: 'handed_back', why: 'leaving' };
  const fault = machineErrorOf(error);
  if (fault && !isOfTheJob(fault, job)) return { kind: 'left_by_machine', fault };
  // A refusal that everybody gets is waited for like an outage.
  if (error instanceof OutageError || error instanceof RefusedError)
    return { kind: 'handed_back', why: 'outage' };

  const isLast = job.attempt >= maxAttempts;
  const failure = failureOf(error, fault);
  const repeats = failure.signature !== null && failure.signature === job.lastFailure?.signature;
  if (repeats) return { kind: 'repeats', failure, isLast };
  if (!isLast) return { kind: 'tried_again', failure };
  return lastVerdict(job, error, failure);
}

/** The error of a job whose input makes our code throw the same error each time. */
export const unprocessable: JobError = {
  code: 'unprocessable',
  message:
    'The picture cannot be worked on: two attempts ended with the same error of the program. A copy that another program has saved may work.',
  retryable: false,
  blame: 'input',
};

/** The error of a job on a worker whose test picture fails as well. */
export const internalFault: JobError = {
  code: 'internal',
  message: failureCodes.internal,
  retryable: true,
  blame: 'place',
};

/** The error of a job that was claimed as often as allowed and never ended. */
export function poison({ attempt }: Pick<Job, 'attempt'>): JobError {
  const message = `The picture stopped the program that worked on it ${attempt} times.`;
  return { code: 'poison', message, retryable: true, blame: 'unknown' };
}

function ends(code: FailureCode, message: string, retryable: boolean, blame: Blame): AttemptVerdict {
  return { kind: 'ends', error: { code, message, retryable, blame } };
}

/**
 * When memory runs out, the kernel ends a large process, and another program may have used the memory. Once is
 * therefore no proof. A job to which it happens twice is the cause.
 */
function isOfTheJob(fault: MachineError, { machineFaults }: Pick<Job, 'machineFaults'>): boolean {
  return machineFaults >= (fault.lack === 'memory' ? 1 : mostMachineFaults);
}

function failureOf(error: unknown, fault: MachineError | null): AttemptFailure {
  if (fault) return { code: fault.lack === 'memory' ? 'out_of_memory' : 'internal', signature: null };
  if (error instanceof UnexpectedError) return { code: 'internal', signature: error.signature };
  return { code: error instanceof RetryableError ? error.code : 'internal', signature: null };
}

function lastVerdict(
  job: Pick<Job, 'attempt' | 'lastFailure'>,
  error: unknown,
  { code }: AttemptFailure,
): AttemptVerdict {
  // Errors of our code that differ between attempts are caused by this input too.
  const threwBefore = (job.lastFailure?.signature ?? null) !== null;
  if (error instanceof UnexpectedError && threwBefore) return { kind: 'ends_at_last', error: unprocessable };
  // Each attempt has crashed the child.
  if (error instanceof RetryableError && code === 'internal') {
    return { kind: 'ends_at_last', error: poison(job) };
  }
  const message = error instanceof RetryableError ? error.message : failureCodes[code];
  const last: JobError = { code, message, retryable: true, blame: 'unknown' };
  const isOfTheOperation =
    error instanceof UnexpectedError || error instanceof RetryableError || code === 'out_of_memory';
  return { kind: isOfTheOperation ? 'ends_at_last' : 'ends', error: last };
}
