import type { Target } from '@spillway/core/job.ts';
import type { JobFeed, ListedJob } from '@spillway/pipeline/ports/jobs.ts';
import { byWrite } from './write-places.ts';

/** What tells, for some reads, whether the newest jobs have changed. */
export interface JobsLook {
  open: Awaited<ReturnType<JobFeed['countOpen']>>;
  /** Of the newest job; null where there is none. */
  newest: string | null;
}

/** How many of the newest jobs are read, and how often at most, in seconds. */
export interface PageOfNewest {
  jobs: number;
  every: number;
}

const fewOpen = 50;
/**
 * Either way 50 documents a second, however many jobs pass by. In a burst, the longer page keeps the open ones in view.
 */
const pages = { few: { jobs: 100, every: 2 }, many: { jobs: 250, every: 5 } } as const;

export async function lookAtJobs(feed: JobFeed): Promise<JobsLook> {
  const [open, [newest]] = await Promise.all([feed.countOpen(), feed.newest(1)]);
  return { open, newest: newest?.position ?? null };
}

/** The page that shows the open jobs where they are few, and the newest of them where they are many. */
export function pageFor(look: JobsLook): PageOfNewest {
  return openJobs(look) > fewOpen ? pages.many : pages.few;
}

/** Whether the newest jobs may read otherwise than at the look before: an open job may have changed in itself. */
export function mayHaveChanged(look: JobsLook, before: JobsLook | null): boolean {
  return openJobs(look) > 0 || openJobs(before) > 0 || look.newest !== before?.newest;
}

function openJobs(look: JobsLook | null): number {
  const sides: Target[] = ['vm', 'run'];
  return sides.reduce(
    (sum, side) => sum + (look ? look.open[side].queued + look.open[side].processing : 0),
    0,
  );
}

export interface JobNews {
  /** The oldest change first. */
  changed: ListedJob[];
  /** Ids of deleted jobs. */
  removed: string[];
}

/**
 * What a page of the newest jobs says that the page before did not. A job that newer ones have pushed out of it was not
 * deleted, and one that was deleted has left a gap.
 */
export function newsBetween(before: ListedJob[], after: ListedJob[], page: PageOfNewest): JobNews {
  const known = new Map(before.map(({ stored, position }) => [stored.job.id, position]));
  const there = new Set(after.map(({ stored }) => stored.job.id));
  const oldest = after.length < page.jobs ? null : (after.at(-1)?.stored.job.createdAt ?? null);
  return {
    changed: after.filter(({ stored, position }) => known.get(stored.job.id) !== position).sort(byWrite),
    removed: before
      .map(({ stored }) => stored.job)
      .filter(({ id, createdAt }) => !there.has(id) && (oldest === null || createdAt > oldest))
      .map(({ id }) => id),
  };
}
