import type { ListedJob } from '@spillway/pipeline/ports/jobs.ts';
import { byWrite } from './write-places.ts';

/** How many of the newest jobs an admin's page is told of. */
export const pageOfNewest = 40;

export interface JobNews {
  /** The oldest change first. */
  changed: ListedJob[];
  /** Ids of deleted jobs. */
  removed: string[];
}

/**
 * What a page of the newest jobs says that the page before did not. A job that newer ones have pushed out of it was not
 * deleted, and one that was deleted has left a gap.
 * @param most Jobs of a full page.
 */
export function newsBetween(before: ListedJob[], after: ListedJob[], most: number): JobNews {
  const known = new Map(before.map(({ stored, position }) => [stored.job.id, position]));
  const there = new Set(after.map(({ stored }) => stored.job.id));
  const oldest = after.length < most ? null : (after.at(-1)?.stored.job.createdAt ?? null);
  return {
    changed: after.filter(({ stored, position }) => known.get(stored.job.id) !== position).sort(byWrite),
    removed: before
      .map(({ stored }) => stored.job)
      .filter(({ id, createdAt }) => !there.has(id) && (oldest === null || createdAt > oldest))
      .map(({ id }) => id),
  };
}
