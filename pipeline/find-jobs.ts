import type { FailureCode } from '@spillway/core/errors.ts';
import { failureCodeList } from '@spillway/core/errors.ts';
import { type Job, type JobState, jobStates } from '@spillway/core/job.ts';
import type { JobCount, JobFilter } from '@spillway/core/job-filter.ts';
import type { Ports } from './ports/ports.ts';

/** Counts go no further: with a thousand entries a read, Firestore reads no more than 101 times for each. */
export const mostCounted = 100_000;

/** How many jobs match, by state. The filter's own state is left out, so that a page can show what the others have. */
export async function countByState(
  { state: _, ...filter }: JobFilter,
  { feed }: Pick<Ports, 'feed'>,
): Promise<Record<JobState, JobCount>> {
  const counts = await Promise.all(
    jobStates.map(async (state) => [state, await feed.count({ ...filter, state }, mostCounted)] as const),
  );
  return Object.fromEntries(counts) as Record<JobState, JobCount>;
}

/** The failures with one code. */
export interface FailureCause {
  code: FailureCode;
  count: JobCount;
  /** When the first job with this cause was created, of all jobs since the filter's `from`; null where it is not known. */
  firstSeen: Date | null;
  /** The newest job that matches. */
  example: Job;
}

/**
 * The causes of the failures that match, the most frequent first. In Firestore: one count for each of the causes that there
 * can be, and two documents for each that there is.
 */
export async function failureCauses(
  filter: JobFilter,
  { feed }: Pick<Ports, 'feed'>,
): Promise<FailureCause[]> {
  if (filter.state !== undefined && filter.state !== 'failed') return [];
  const codes = failureCodeList.filter((code) => filter.errorCode === undefined || filter.errorCode === code);
  const causes = await Promise.all(
    codes.map(async (code): Promise<FailureCause[]> => {
      const ofCause: JobFilter = { ...filter, state: 'failed', errorCode: code };
      const count = await feed.count(ofCause, mostCounted);
      if (count.jobs === 0) return [];
      const [{ jobs }, firstSeen] = await Promise.all([
        feed.find(ofCause, 1, null),
        feed.firstFailed(code, filter.from ?? new Date(0)),
      ]);
      const [example] = jobs;
      return example ? [{ code, count, firstSeen, example }] : [];
    }),
  );
  return causes.flat().sort((a, b) => b.count.jobs - a.count.jobs || a.code.localeCompare(b.code));
}

/** Jobs that match, page by page, the newest first. */
export async function* eachJob(
  filter: JobFilter,
  pageSize: number,
  { feed }: Pick<Ports, 'feed'>,
): AsyncGenerator<Job> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof feed.find>> = await feed.find(filter, pageSize, cursor);
    yield* page.jobs;
    ({ cursor } = page);
  } while (cursor !== null);
}
