import { isTerminal, type Job } from '@spillway/core/job.ts';
import { jobId } from '@spillway/core/job-id.ts';
import { isOperationName, parseOptions } from '@spillway/core/operations.ts';
import { askAgain } from './ask-again.ts';
import type { Ports } from './ports/ports.ts';

/** What is to be made of a source that is there. */
export interface Wanted {
  operation: string;
  options: Record<string, unknown>;
}

export type Rerun =
  | { kind: 'started'; job: Job }
  /** The same operation with the same options is under way or has succeeded: this is that job. */
  | { kind: 'there'; job: Job }
  | { kind: 'refused'; why: 'invalid_options'; message: string }
  | { kind: 'refused'; why: 'deleted' | 'not_runnable' | 'too_many_jobs' };

/** Jobs that one source may have, deleted ones too. Each re-run and each deletion reads all of them. */
export const mostJobsOfSource = 300;

/**
 * Does another operation, or the same with other options, on the source of a job, without an upload. What failed, was
 * cancelled or was deleted is run again. Asking twice gives one job. Throws `OutageError`.
 * @param hurry `single`: a person waits for this one. `batch`: one of many, in the class of the job it is asked for from.
 */
export async function rerunJob(
  from: Job,
  { operation, options: given }: Wanted,
  hurry: 'single' | 'batch',
  ports: Ports,
): Promise<Rerun> {
  if (from.deletedAt) return { kind: 'refused', why: 'deleted' };
  // The name in the document of such a job is not that of an object.
  if (from.error?.code === 'invalid_text') return { kind: 'refused', why: 'not_runnable' };
  if (!isOperationName(operation)) return { kind: 'refused', why: 'not_runnable' };
  const parsed = parseOptions(operation, given);
  if (!parsed.ok) return { kind: 'refused', why: 'invalid_options', message: parsed.message };
  const { options } = parsed;
  const ofSource = (await ports.jobs.ofSource(from.source)).map(({ job }) => job);
  const last = lastRun(from, { operation, options }, ofSource);
  if (last && !last.deletedAt && (last.state === 'succeeded' || !isTerminal(last.state))) {
    return { kind: 'there', job: last };
  }
  if (ofSource.length >= mostJobsOfSource) return { kind: 'refused', why: 'too_many_jobs' };
  const { class: jobClass, batchSize } = from;
  const pace =
    hurry === 'single' ? { class: 'interactive' as const, batchSize: null } : { class: jobClass, batchSize };
  const run = { run: (last?.run ?? 0) + 1, retryOf: null, rerunOf: from.id };
  const enqueued = await askAgain(from, { operation, options, ...pace, ...run }, ports);
  return { kind: enqueued.kind === 'repeated' ? 'there' : 'started', job: enqueued.job };
}

/** Of the jobs on that source, the newest with this operation and these options; a tombstone no longer has its options. */
function lastRun({ source }: Job, { operation, options }: Wanted, ofSource: readonly Job[]): Job | null {
  const { bucket, name, generation } = source;
  const runs = ofSource.filter(
    ({ id, run }) => id === jobId({ bucket, name, generation, operation, options, run }),
  );
  return runs.reduce<Job | null>((newest, job) => (newest && newest.run > job.run ? newest : job), null);
}
