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
 * Times that machines which cannot work may give one job back uncounted. One that meets no other machine by then may be
 * what exhausts them, and must end. Those that pause take nothing, so that a full disk alone never uses this up.
 */
export const mostMachineFaults = 20;

/** What an attempt that failed means for its job. */
export type AttemptVerdict =
  /** The job ends. */
  | { kind: 'ends'; error: JobError }
  /** It was the last attempt. Whether the input is to blame, the worker's test picture tells. */
  | { kind: 'ends_at_last'; error: JobError }
  /** The same error of our code as before: the job ends `unprocessable`, if the worker's test picture goes well. */
  | { kind: 'repeats'; failure: AttemptFailure; isLast: boolean }
  /** The job is tried again, and the attempt counts. */
  | { kind: 'tried_again'; failure: AttemptFailure }
  /** A service did not answer, or the worker leaves: the attempt does not count. */
  | { kind: 'handed_back'; why: 'outage' | 'leaving' }
  /** The machine cannot work: the attempt does not count, and the job goes elsewhere. */
  | { kind: 'left_by_machine'; fault: MachineError };

/**
 * Judges a failed attempt by what was thrown and by what the job went through before.
 * @param leaving Whether the worker was told to leave and has cut the attempt off.
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
  // What is refused to everybody is waited for like an outage.
  if (error instanceof OutageError || error instanceof RefusedError)
    return { kind: 'handed_back', why: 'outage' };

  const isLast = job.attempt >= maxAttempts;
  const failure = failureOf(error, fault);
  const repeats = failure.signature !== null && failure.signature === job.lastFailure?.signature;
  if (repeats) return { kind: 'repeats', failure, isLast };
  if (!isLast) return { kind: 'tried_again', failure };
  return lastVerdict(job, error, failure);
}

/** What ends a job whose input brings the same error of our code each time. */
export const unprocessable: JobError = {
  code: 'unprocessable',
  message:
    'The picture cannot be worked on: two attempts ended with the same error of the program. A copy that another program has saved may work.',
  retryable: false,
  blame: 'input',
};

/** What ends a job at a place whose test picture goes wrong as well. */
export const internalFault: JobError = {
  code: 'internal',
  message: failureCodes.internal,
  retryable: true,
  blame: 'place',
};

/** What ends a job that was claimed as often as allowed, while no claim led to an outcome. */
export function poison({ attempt }: Pick<Job, 'attempt'>): JobError {
  const message = `The picture stopped the program that worked on it ${attempt} times.`;
  return { code: 'poison', message, retryable: true, blame: 'unknown' };
}

function ends(code: FailureCode, message: string, retryable: boolean, blame: Blame): AttemptVerdict {
  return { kind: 'ends', error: { code, message, retryable, blame } };
}

/**
 * The kernel ends whatever uses much when memory runs out, also where it is somebody else who uses it up: once is no
 * proof. A job that it happens to again is what uses it up.
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
  // Errors of our code that differ from attempt to attempt are this input's all the same.
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
