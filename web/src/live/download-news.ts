import type { JobProgress } from '@spillway/core/job.ts';

/** The share in steps that are worth an announcement. */
const steps = 4;

/** How far a download is, in quarters. */
export function coarseDownload({ model, share }: JobProgress): string {
  const step = Math.floor(share * steps);
  const reached = step > 0 ? `, ${step * (100 / steps)} % done` : '';
  return `Downloading the model ${model}${reached}.`;
}

/**
 * Makes the announcements about downloads for screen readers: one at the start and one each quarter, however many jobs
 * wait for the same model. Null if there is nothing new.
 */
export function createDownloadNews(): (progress: JobProgress) => string | null {
  const told = new Map<string, number>();
  return (progress) => {
    const step = Math.floor(progress.share * steps);
    if (step >= steps || step <= (told.get(progress.model) ?? -1)) return null;
    told.set(progress.model, step);
    return coarseDownload(progress);
  };
}
