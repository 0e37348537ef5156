import { isTerminal, type JobProgress } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { type FollowedJobs, followJobs } from './followed-jobs.ts';

/** Callbacks for news about followed jobs. */
export interface JobNews {
  ended(job: JobView): void;
  downloading(progress: JobProgress): void;
}

/** Jobs kept by a page that stays open for days. */
const most = 1_000;

/** The visitor's own jobs. */
export function followOwnJobs(news: JobNews): FollowedJobs {
  const jobs = followJobs({
    list: '/jobs',
    firstPage: '',
    events: '/api/v1/events',
    most,
    onUpdates(updates, before) {
      for (const update of updates) {
        if (update.kind !== 'job') continue;
        const { job } = update;
        if (job.progress) news.downloading(job.progress);
        if (!isTerminal(job.state)) continue;
        const known = before.get(job.id);
        if ((!known || !isTerminal(known.state)) && jobs.cache.jobs.peek().has(job.id)) news.ended(job);
      }
    },
  });
  return jobs;
}

/** Asks for the jobs of one upload, in case their events were lost. */
export async function lookForUpload(jobs: FollowedJobs, uploadId: string): Promise<void> {
  await jobs.load(`?upload=${encodeURIComponent(uploadId)}`);
}
