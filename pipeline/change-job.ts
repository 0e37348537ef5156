import { OutageError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { type Steps, waitFor } from '@spillway/core/steps.ts';
import type { JobDocuments, Stored } from './ports/jobs.ts';

const mostTries = 20;

/**
 * Applies a transition to the document as it is now, and again where somebody else changed it in between.
 * Resolves to null when there is no such job or the transition declines by returning null.
 * @param known The document, where it was just read or written: nothing has to be read unless it has changed since.
 */
export function* changeJob(
  jobs: JobDocuments,
  id: string,
  transition: (job: Job) => Job | null,
  known: Stored | null = null,
): Steps<Stored | null> {
  let stored = known;
  for (let tries = 0; tries < mostTries; tries++) {
    stored ??= yield* waitFor(jobs.get(id));
    const next = stored && transition(stored.job);
    if (!stored || !next) return null;
    const written = yield* waitFor(jobs.replace(stored, next));
    if (written) return written;
    stored = null;
  }
  throw new OutageError(`Job ${id} changed ${mostTries} times while it was being written; try again.`);
}
