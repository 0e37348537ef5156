import { dirname } from 'node:path';
import {
  type FailureCode,
  failureCodes,
  MachineError,
  PermanentError,
  RetryableError,
  UnexpectedError,
} from '@spillway/core/errors.ts';
import { lackSentence } from '@spillway/core/machine-lack.ts';
import { afterAwake } from './awake-time.ts';
import { type Child, ChildDied } from './child.ts';
import type { ChildJob, ChildOutcome, ProcessedImage } from './child-protocol.ts';
import { bytesIn } from './folder-size.ts';
import { residentBytes } from './process-tree.ts';

export interface JobLimits {
  /** Milliseconds from the hand-over to the child until its answer, while this process runs. */
  timeLimitMs: number;
  /** Resident bytes that a job may add to what its child holds with its models loaded. */
  memoryLimitBytes: number;
  /** The file system is memory, so the files in the job's folder count as well. */
  filesAreMemory: boolean;
}

/** Short enough to catch a decoder that fills memory, long enough to cost nothing. */
const memorySampleMs = 250;

/**
 * Runs one job in a child and kills the child when the job passes a limit or is called off.
 * @throws PermanentError for a picture that can never work; RetryableError `processing_timeout`, `out_of_memory`,
 * or `internal` for a crash; UnexpectedError for what the child's code threw; MachineError for what the machine lacks;
 * the signal's reason where it was called off.
 */
export async function runSupervised(
  child: Child,
  job: ChildJob,
  limits: JobLimits,
  signal: AbortSignal,
): Promise<ProcessedImage> {
  signal.throwIfAborted();
  let killedFor: unknown;
  let answered = false;
  const kill = (reason: unknown): void => {
    // The memory reading may end after the job, when the child may have the next one.
    if (answered) return;
    killedFor ??= reason;
    void child.kill();
  };
  const onAbort = (): void => kill(signal.reason);
  signal.addEventListener('abort', onAbort);
  const callOff = afterAwake(limits.timeLimitMs, () => kill(limitPassed('processing_timeout')));
  const mostBytes = child.restingBytes + limits.memoryLimitBytes;
  const folder = limits.filesAreMemory ? dirname(job.inputPath) : null;
  const watch = watchMemory(child.pid, folder, mostBytes, () => kill(limitPassed('out_of_memory')));
  try {
    const outcome = await answerOf(child, job, () => killedFor);
    // The failed job may have left memory behind, or may still be running.
    if (outcome.kind === 'unexpected') await child.kill();
    return unwrap(outcome);
  } finally {
    answered = true;
    callOff();
    clearInterval(watch);
    signal.removeEventListener('abort', onAbort);
  }
}

async function answerOf(child: Child, job: ChildJob, killedFor: () => unknown): Promise<ChildOutcome> {
  try {
    return await child.run(job);
  } catch (error) {
    throw killedFor() ?? (error instanceof ChildDied ? crash(error) : nonsense(child, error));
  }
}

/** @param folder Its files count as memory; null where none do. */
function watchMemory(
  pid: number,
  folder: string | null,
  limitBytes: number,
  onPassed: () => void,
): NodeJS.Timeout {
  return setInterval(async () => {
    const [bytes, files] = await Promise.all([residentBytes(pid), folder === null ? 0 : bytesIn(folder)]);
    if (bytes !== null && bytes + files > limitBytes) onPassed();
  }, memorySampleMs);
}

function limitPassed(code: FailureCode): RetryableError {
  return new RetryableError(code, failureCodes[code]);
}

/**
 * A SIGKILL that we did not send is the kernel's: the machine or the container ran out of memory. The job was within
 * its own limit, so the first such end counts as the machine's. `judgeAttempt` knows when it does not.
 */
function crash(death: ChildDied): RetryableError | MachineError {
  if (death.signal === 'SIGKILL') {
    return new MachineError('memory', lackSentence('memory'), { cause: death });
  }
  return new RetryableError('internal', failureCodes.internal, { cause: death });
}

/** A child with an answer outside of the protocol must not get another job. */
function nonsense(child: Child, cause: unknown): RetryableError {
  void child.kill();
  return new RetryableError('internal', failureCodes.internal, { cause });
}

function unwrap(outcome: ChildOutcome): ProcessedImage {
  switch (outcome.kind) {
    case 'processed':
      return outcome.image;
    case 'permanent':
      throw new PermanentError(outcome.code, outcome.message, { cause: outcome.detail });
    case 'retryable':
      throw new RetryableError(outcome.code, outcome.message, { cause: outcome.detail });
    case 'machine':
      throw new MachineError(outcome.lack, outcome.message, { cause: outcome.detail });
    case 'unexpected':
      throw new UnexpectedError(outcome.signature, { cause: outcome.detail });
    default:
      return outcome satisfies never;
  }
}
