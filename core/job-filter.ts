import type { FailureCode } from './errors.ts';
import type { Job, JobClass, JobState, Route, Target } from './job.ts';
import { matchesName, type NameSearch, sourceOf, tookEdges, tookOf } from './job-search.ts';

/** Which jobs are meant: those that match all that is named. Deleted jobs match nothing. */
export interface JobFilter {
  owner?: string;
  upload?: string;
  batch?: string;
  operation?: string;
  state?: JobState;
  target?: Target;
  class?: JobClass;
  reason?: Route['reason'];
  errorCode?: FailureCode;
  /** The worker that has the job, or that had it when it ended. */
  worker?: string;
  /** Where the source came from, as `sourceOf` tells. */
  source?: string;
  name?: NameSearch;
  /** Created at this time or later. */
  from?: Date;
  /** Created before this time. */
  to?: Date;
  /** Took at least this long, in milliseconds: one of `tookEdges`. */
  atLeastMs?: number;
  /** Took less than this, in milliseconds: one of `tookEdges`. */
  belowMs?: number;
}

/** How many jobs match. `at_most`: an index tells of more than one can say for sure without reading the documents. */
export interface JobCount {
  jobs: number;
  exact: 'exactly' | 'more_than' | 'at_most';
}

/** The intervals of durations that the filter asks for; null where any duration will do, and none. */
export function tookIntervals({ atLeastMs, belowMs }: JobFilter): number[] | null {
  if (atLeastMs === undefined && belowMs === undefined) return null;
  return tookEdges.filter((edge) => edge >= (atLeastMs ?? 0) && edge < (belowMs ?? Number.POSITIVE_INFINITY));
}

/** Whether the job matches the filter. */
export function matchesFilter(job: Job, filter: JobFilter): boolean {
  const values: [unknown, unknown][] = [
    [filter.owner, job.owner],
    [filter.upload, job.upload],
    [filter.batch, job.batch],
    [filter.operation, job.operation],
    [filter.state, job.state],
    [filter.target, job.route.target],
    [filter.class, job.class],
    [filter.reason, job.route.reason],
    [filter.errorCode, job.error?.code],
    [filter.worker, job.claim?.worker],
    [filter.source, sourceOf(job)],
  ];
  if (values.some(([wanted, value]) => wanted !== undefined && wanted !== value)) return false;
  if (job.deletedAt !== null) return false;
  if (filter.from && job.createdAt < filter.from) return false;
  if (filter.to && job.createdAt >= filter.to) return false;
  if (filter.name && !matchesName(job.source.name, filter.name)) return false;
  const intervals = tookIntervals(filter);
  if (intervals === null) return true;
  const took = tookOf(job);
  return took !== null && intervals.includes(took);
}
