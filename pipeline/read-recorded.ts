import type { Job } from '@spillway/core/job.ts';
import { type RecordedJob, recordedJob } from '@spillway/core/recorded-job.ts';
import type { Ports } from './ports/ports.ts';

/** Most documents that are read: each is a read, and so many are played within seconds. */
export const mostRecorded = 2_000;
/** Stretches that a time with more jobs is sampled in, evenly over it. */
const stretchCount = 12;
/** Documents of one page. */
const pageSize = 300;
/** Of each stretch, and before the time where all is read, what only fills the world. */
const leadShare = 0.1;
const mostLeadMs = 300_000;
/** More jobs than that are not counted. */
const mostCounted = 2_000_000;
/** Index entries that are billed as one read: https://cloud.google.com/firestore/native/docs/query-data/aggregation-queries */
const entriesOfRead = 1_000;

export interface Recording {
  from: Date;
  to: Date;
  /** How many jobs each stands for; 0 for what is only to be played. */
  jobs: (RecordedJob & { weight: number })[];
  /** Jobs of the whole time. */
  total: number;
  stretches: number;
  reads: number;
}

/**
 * The jobs of a time that has passed, for a simulation. All of them where they are at most `mostRecorded`. Where they are
 * more, the newest of each of twelve equal stretches, each weighed by how many jobs its stretch had: busy hours count for what
 * they were. Deleted jobs are missing. Throws `OutageError`.
 */
export async function readRecorded(
  rangeMs: number,
  { feed, clock }: Pick<Ports, 'feed' | 'clock'>,
): Promise<Recording> {
  const to = clock.now();
  const from = new Date(to.getTime() - rangeMs);
  const { jobs: total } = await feed.count({ from, to }, mostCounted);
  const counted = readsOfCount(total);
  if (total <= mostRecorded) {
    const leadMs = Math.min(mostLeadMs, leadShare * rangeMs);
    const all = await newestOf({ from: new Date(from.getTime() - leadMs), to }, mostRecorded, feed);
    const jobs = all.flatMap((job) => weighed(job, job.createdAt >= from ? 1 : 0));
    return { from, to, jobs, total, stretches: 1, reads: counted + all.length };
  }
  const widthMs = rangeMs / stretchCount;
  const stretches = await Promise.all(
    Array.from({ length: stretchCount }, async (_, index) => {
      const start = from.getTime() + index * widthMs;
      return readStretch({ from: new Date(start), to: new Date(start + widthMs) }, feed);
    }),
  );
  return {
    from,
    to,
    jobs: stretches.flatMap(({ jobs }) => jobs),
    total,
    stretches: stretches.filter(({ jobs }) => jobs.length > 0).length,
    reads: counted + stretches.reduce((sum, { reads }) => sum + reads, 0),
  };
}

interface Span {
  from: Date;
  to: Date;
}

async function readStretch(span: Span, feed: Ports['feed']): Promise<Pick<Recording, 'jobs' | 'reads'>> {
  const [{ jobs: count }, read] = await Promise.all([
    feed.count(span, mostCounted),
    newestOf(span, Math.floor(mostRecorded / stretchCount), feed),
  ]);
  // The oldest of them find a world that is empty, which the stretch was not.
  const lead = read.length < count ? Math.floor(leadShare * read.length) : 0;
  const counts = read.length - lead;
  const jobs = read.flatMap((job, index) => weighed(job, index < counts ? count / Math.max(1, counts) : 0));
  return { jobs, reads: readsOfCount(count) + read.length };
}

/** The newest first. */
async function newestOf(span: Span, most: number, feed: Ports['feed']): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const page = await feed.find(span, Math.min(pageSize, most - jobs.length), cursor);
    jobs.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== null && jobs.length < most);
  return jobs;
}

function weighed(job: Job, weight: number): Recording['jobs'] {
  const recorded = recordedJob(job);
  return recorded ? [{ ...recorded, weight }] : [];
}

function readsOfCount(jobs: number): number {
  return Math.max(1, Math.ceil(jobs / entriesOfRead));
}
