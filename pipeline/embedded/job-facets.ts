import type { Job } from '@spillway/core/job.ts';
import { durationMs, fileNameOf, folded, sourceOf, wordsOf } from '@spillway/core/job-search.ts';

/** Columns that an admin looks for jobs by. Null where the job has none of it. */
export function facetsOf(job: Job) {
  const fileName = fileNameOf(job.source.name);
  return {
    class: job.class,
    reason: job.route.reason,
    error_code: job.error?.code ?? null,
    worker: job.claim?.worker ?? null,
    place: sourceOf(job),
    took_ms: durationMs(job),
    file_name: folded(fileName),
    words: ` ${wordsOf(fileName).join(' ')} `,
  };
}
