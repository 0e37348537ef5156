import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { isTerminal, type Job } from '@spillway/core/job.ts';
import { abreast, overTime, waitFor, walkThrough } from '@spillway/core/steps.ts';
import { cancelJob } from '@spillway/pipeline/cancel.ts';
import { deleteJob } from '@spillway/pipeline/delete.ts';
import { ofJob } from '@spillway/pipeline/log/of-job.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { rerunJob, type Wanted } from '@spillway/pipeline/rerun.ts';
import { retryJob } from '@spillway/pipeline/retry.ts';
import type { z } from 'zod';
import type { BatchOf } from './batch-results.ts';
import type { batchChangeSchema } from './schema.ts';

/** What one request has done to a batch. */
export type BatchChange = z.output<typeof batchChangeSchema>;

/** Jobs that one request looks at: some seconds of work. */
const pageSize = 100;
/** Jobs of a request that are changed at the same time. */
const atOnce = 8;

/** Runs again all jobs of a page that failed for a reason that may have passed. */
export async function retryPage(of: BatchOf, cursor: string | null, ports: Ports): Promise<BatchChange> {
  const page = await ports.feed.find({ ...of, state: 'failed' }, pageSize, cursor);
  const counts = await changeEach(page.jobs, ports, async (job) => {
    if (!job.error?.retryable) return 'unchanged';
    const retried = await retryJob(job.id, ports);
    return retried.kind === 'retried' && retried.isNew ? 'done' : 'unchanged';
  });
  return { ...counts, cursor: page.cursor };
}

/** Ends all jobs of a page that have not ended. */
export async function cancelPage(of: BatchOf, cursor: string | null, ports: Ports): Promise<BatchChange> {
  const page = await ports.feed.find({ ...of }, pageSize, cursor);
  const counts = await changeEach(page.jobs, ports, async (job) => {
    if (isTerminal(job.state)) return 'unchanged';
    return (await cancelJob(job.id, ports)).kind === 'cancelled' ? 'done' : 'unchanged';
  });
  return { ...counts, cursor: page.cursor };
}

/** Deletes all jobs of a page, their results, and originals that have no other job. */
export async function deletePage(
  of: Pick<BatchOf, 'owner'> & Partial<BatchOf>,
  cursor: string | null,
  ports: Ports,
): Promise<BatchChange> {
  const page = await ports.feed.find({ ...of }, pageSize, cursor);
  const counts = await changeEach(page.jobs, ports, async (job) =>
    (await deleteJob(job.id, ports)) ? 'done' : 'unchanged',
  );
  return { ...counts, cursor: page.cursor };
}

/**
 * Does an operation on every picture of a page, in the order of the drop. What is there already is not made again. A
 * picture that nothing could read so far is left out.
 */
export async function rerunPage(
  of: BatchOf,
  wanted: Wanted,
  cursor: string | null,
  ports: Ports,
): Promise<BatchChange> {
  const page = await ports.feed.find({ ...of }, pageSize, cursor);
  const pictures = [...Map.groupBy(page.jobs, sourceKey).values()]
    .map(mostPromising)
    .sort((a, b) => placeOf(a) - placeOf(b));
  const counts = await changeEach(pictures, ports, async (job) => {
    if (job.error?.blame === 'input') return 'unchanged';
    const rerun = await rerunJob(job, wanted, 'batch', ports);
    return rerun.kind === 'started' ? 'done' : 'unchanged';
  });
  return { ...counts, cursor: page.cursor };
}

function sourceKey({ source }: Job): string {
  return `${source.bucket}/${source.name}#${source.generation}`;
}

/** Of the jobs of one picture, one that does not say that the picture is at fault, if there is any. */
function mostPromising(jobs: readonly Job[]): Job {
  const [first] = jobs as [Job, ...Job[]];
  return jobs.find(({ error }) => error === null) ?? first;
}

function placeOf({ batchIndex }: Job): number {
  return batchIndex ?? Number.MAX_SAFE_INTEGER;
}

/**
 * Changes each job and goes on past those for which that fails. Throws only where a service refuses or answers none of
 * them.
 */
async function changeEach(
  jobs: readonly Job[],
  { log }: Pick<Ports, 'log'>,
  change: (job: Job) => Promise<'done' | 'unchanged'>,
): Promise<Omit<BatchChange, 'cursor'>> {
  const counts = { done: 0, unchanged: 0 };
  const failed: BatchChange['failed'] = [];
  const errors: unknown[] = [];
  const each = abreast(walkThrough(jobs), () => atOnce);
  await overTime(
    each(function* (job) {
      try {
        counts[yield* waitFor(change(job))]++;
      } catch (error) {
        log.warn({ ...ofJob(job), error }, 'A job of a batch could not be changed.');
        failed.push({ id: job.id, message: wordsFor(error) });
        errors.push(error);
      }
    }),
  );
  const isOut = errors.length === jobs.length && errors.every(isOfTheService);
  if (isOut && errors.length > 0) throw errors[0];
  return { ...counts, failed };
}

function isOfTheService(error: unknown): boolean {
  return error instanceof OutageError || error instanceof RefusedError;
}

function wordsFor(error: unknown): string {
  return isOfTheService(error)
    ? 'A service behind this site did not answer. Please try again.'
    : 'Something went wrong on our side. It has been logged.';
}
