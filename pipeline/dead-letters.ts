import { type LetterContent, letterContent } from '@spillway/core/dead-letter.ts';
import type { DeadLetter } from '@spillway/core/diagnosis/system-reading.ts';
import { isTerminal } from '@spillway/core/job.ts';
import { overTime } from '@spillway/core/steps.ts';
import { unpublished } from '@spillway/core/transitions.ts';
import { changeJob } from './change-job.ts';
import type { AppPorts, Ports } from './ports/ports.ts';
import { retryJob } from './retry.ts';
import { routeUpload } from './route.ts';

/** What became of a dead letter that an admin replayed. */
export type Replayed =
  /** A job waits for its turn: the letter's own, its retry, or one that its upload has made. */
  | { kind: 'waits'; jobIds: string[] }
  /** There is nothing to do any more. */
  | { kind: 'settled'; why: 'ended' | 'gone' }
  /** Nothing can be done with it. */
  | { kind: 'refused'; why: 'unreadable' | 'not_runnable' };

/**
 * Does what the letter asked for. The letter itself stays: whoever calls removes it once this has settled it. Safe to repeat.
 * Throws `OutageError` and `RefusedError`.
 */
export async function replayLetter(
  letter: DeadLetter,
  ports: Ports & Pick<AppPorts, 'consumer'>,
): Promise<Replayed> {
  const content = letterContent(letter.data);
  switch (content.kind) {
    case 'job':
      return replayJob(content.jobId, ports);
    case 'upload':
      return replayUpload(content, ports);
    case 'unreadable':
      return { kind: 'refused', why: 'unreadable' };
    default:
      return content satisfies never;
  }
}

/** A job that waits is published by the next sweep. One that has failed is run again. */
async function replayJob(jobId: string, ports: Ports): Promise<Replayed> {
  const stored = await ports.jobs.get(jobId);
  if (!stored || stored.job.deletedAt) return { kind: 'settled', why: 'gone' };
  if (isTerminal(stored.job.state)) {
    const retried = await retryJob(jobId, ports);
    if (retried.kind === 'retried') return { kind: 'waits', jobIds: [retried.job.id] };
    return retried.why === 'not_runnable'
      ? { kind: 'refused', why: 'not_runnable' }
      : { kind: 'settled', why: 'ended' };
  }
  await overTime(
    changeJob(ports.jobs, jobId, (job) =>
      job.state === 'queued' && job.publishedAt !== null ? unpublished(job) : null,
    ),
  );
  return { kind: 'waits', jobIds: [jobId] };
}

async function replayUpload(
  { headers, body }: Extract<LetterContent, { kind: 'upload' }>,
  ports: Ports & Pick<AppPorts, 'consumer'>,
): Promise<Replayed> {
  const event = ports.consumer.readStorageEvent({ headers, body });
  if (event.kind !== 'finalized') return { kind: 'refused', why: 'unreadable' };
  const jobs = await routeUpload(event.object, null, ports);
  return { kind: 'waits', jobIds: jobs.map(({ id }) => id) };
}
