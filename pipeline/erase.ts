import { operationNames } from '@spillway/core/operations.ts';
import type { Ports } from './ports/ports.ts';

/** Links that are removed at a time. */
const linksAtOnce = 100;

/** Ends all private links of an owner, before anything else is deleted, so that nobody watches it go. */
export async function eraseShares(owner: string, { shares }: Pick<Ports, 'shares'>): Promise<void> {
  for (;;) {
    const some = await shares.ofOwner(owner, linksAtOnce);
    if (some.length === 0) return;
    await Promise.all(some.map(({ id }) => shares.remove(id)));
  }
}

/**
 * Removes the files of a visitor that no job tells of any more: uploads that have not become jobs, and results whose jobs
 * were forgotten. Call it when the jobs are deleted. What is there is named after its owner.
 * @param owner Of a visitor: no other owner's files may begin with the same folder.
 */
export async function eraseFiles(
  owner: string,
  { blobs, buckets }: Pick<Ports, 'blobs' | 'buckets'>,
): Promise<void> {
  if (!/^[0-9a-f]{32}$/.test(owner))
    throw new Error('Only what a visitor has sent is named after its owner.');
  await blobs.removeAllBut(buckets.webUploads, `${owner}/`, []);
  for (const operation of [...operationNames, '_unknown']) {
    await blobs.removeAllBut(buckets.results, `${operation}/${owner}/`, []);
  }
}
