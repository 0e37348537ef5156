import type { Deletion } from './ports/blobs.ts';
import type { Buckets, Ports } from './ports/ports.ts';

/** What becomes of a job's files when the job is deleted: of all its buckets, the one that keeps them longest decides. */
export async function deletionOfFiles({
  blobs,
  buckets,
}: Pick<Ports, 'blobs' | 'buckets'>): Promise<Deletion> {
  const deletions = await Promise.all(namesOf(buckets).map((bucket) => blobs.deletion(bucket)));
  return deletions.reduce((longest, each) => (rankOf(each) > rankOf(longest) ? each : longest));
}

/** Throws with the commands that help, where a bucket keeps what is removed from it. */
export async function requireRemovalAtOnce({
  blobs,
  buckets,
}: Pick<Ports, 'blobs' | 'buckets'>): Promise<void> {
  const problems = await Promise.all(
    namesOf(buckets).map(async (bucket) => problemOf(bucket, await blobs.deletion(bucket))),
  );
  const found = problems.filter((problem) => problem !== null);
  if (found.length > 0) throw new Error(`SPILLWAY_DELETION is at_once, but ${found.join('; ')}.`);
}

const namesOf = (buckets: Buckets): string[] => [...new Set(Object.values(buckets))];

function problemOf(bucket: string, deletion: Deletion): string | null {
  const mend = (flag: string) => `\`gcloud storage buckets update gs://${bucket} ${flag}\` ends that`;
  switch (deletion.kind) {
    case 'removed':
      return null;
    case 'kept':
      return `${bucket} keeps deleted objects for ${deletion.forSeconds / 86_400} days (${mend('--clear-soft-delete')})`;
    case 'versioned':
      return `${bucket} keeps older versions (${mend('--no-versioning')})`;
    case 'unknown':
      return `this program may not read what ${bucket} does with deleted objects (grant roles/storage.bucketViewer)`;
    default:
      return deletion satisfies never;
  }
}

/** Seconds for which files stay; those of unknown length come after all that are known. */
function rankOf(deletion: Deletion): number {
  switch (deletion.kind) {
    case 'removed':
      return 0;
    case 'kept':
      return deletion.forSeconds;
    case 'unknown':
      return Number.MAX_SAFE_INTEGER;
    case 'versioned':
      return Number.POSITIVE_INFINITY;
    default:
      return deletion satisfies never;
  }
}
