import type { Job } from '@spillway/core/job.ts';
import type { JobDocuments } from '@spillway/pipeline/ports/jobs.ts';
import type { Visitor } from './limits.ts';
import { ProblemError } from './problems.ts';
import { type JobView, jobViewSchema } from './schema.ts';

type Who = Pick<Visitor, 'owner' | 'admin'>;

/** Behind `requireAdmin`, where everybody's jobs may be seen. */
export const anyOwner: Who = { owner: '', admin: 'any' };

/**
 * The job, if this visitor may see it. Somebody else's job and one that does not exist give the same answer, so
 * that nobody learns which ids exist.
 */
export async function visibleJob(id: string, visitor: Who, store: JobDocuments): Promise<Job> {
  const job = await ownJob(id, visitor, store);
  if (job.deletedAt) throw noSuchJob();
  return job;
}

/** The same, or what is left of it: a deletion that was cut off has to be repeatable. */
export async function ownJob(id: string, visitor: Who, store: JobDocuments): Promise<Job> {
  const job = (await store.get(id))?.job;
  if (!job || (visitor.admin === null && job.owner !== visitor.owner)) throw noSuchJob();
  return job;
}

export function noSuchJob(): ProblemError {
  return new ProblemError('not_found', 'There is no such job.');
}

/** The job as clients see it: only what the schema names leaves the server. */
export function viewOf(job: Job): JobView {
  return jobViewSchema.parse(job);
}
