import type { Job } from '../job.ts';

/**
 * Whose pictures these are, as far as a judgement of health is concerned: what one sender's pictures do to a worker is
 * one testimony, however many there are. Uploads without an owner are one sender's, because a batch, a name or a folder
 * costs a stranger nothing.
 */
export function witnessOf({ owner, source }: Pick<Job, 'owner' | 'source'>): string {
  return owner === null ? `bucket ${source.bucket}` : `owner ${owner}`;
}
