import { isTerminal, type Job } from '@spillway/core/job.ts';
import { isOperationName, parseOptions } from '@spillway/core/operations.ts';
import { askAgain } from './ask-again.ts';
import type { Ports } from './ports/ports.ts';

export type Retried =
  /** `isNew` is false where the job was run again before: this is that run. */
  | { kind: 'retried'; job: Job; isNew: boolean }
  | { kind: 'refused'; why: 'unknown' | 'not_ended' | 'deleted' | 'succeeded' | 'not_runnable' };

/**
 * Runs an ended job once more, as a new job of run n+1: terminal states never change. Pressing twice gives one
 * new job. Throws `OutageError`.
 * @param isOneOfMany Whether it is retried with so many others that nobody waits for each.
 */
export async function retryJob(
  id: string,
  ports: Ports,
  { isOneOfMany = false }: { isOneOfMany?: boolean } = {},
): Promise<Retried> {
  const stored = await ports.jobs.get(id);
  if (!stored) return { kind: 'refused', why: 'unknown' };
  const { job } = stored;
  if (job.deletedAt) return { kind: 'refused', why: 'deleted' };
  if (!isTerminal(job.state)) return { kind: 'refused', why: 'not_ended' };
  if (job.state === 'succeeded') return { kind: 'refused', why: 'succeeded' };
  if (!isRunnable(job)) return { kind: 'refused', why: 'not_runnable' };
  const { operation, options } = job;
  // A person who presses the button waits for this one, however large its batch was.
  const single = { class: isOneOfMany ? 'bulk' : 'interactive', batchSize: null } as const;
  const run = { run: job.run + 1, retryOf: job.id, rerunOf: null };
  const enqueued = await askAgain(job, { operation, options, ...single, ...run }, ports);
  return { kind: 'retried', job: enqueued.job, isNew: enqueued.kind !== 'repeated' };
}

/** A job that was refused for what came with it, or whose operation is no more, names nothing that could be run. */
function isRunnable({ operation, options, error }: Job): boolean {
  if (error?.code === 'invalid_options' || error?.code === 'invalid_text') return false;
  return isOperationName(operation) && parseOptions(operation, options).ok;
}
