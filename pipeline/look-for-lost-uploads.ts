import { setTimeout as delay } from 'node:timers/promises';
import type { UploadSearch } from '@spillway/core/diagnosis/system-reading.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import { type FinalizedObject, readUpload, storedSource } from '@spillway/core/uploads.ts';
import type { Ports } from './ports/ports.ts';
import { senderOf } from './route.ts';

const hourMs = 3_600_000;
/** Bounds of a look. */
const most = {
  /** Uploads that are held against the jobs. */
  uploads: 200,
  /** Milliseconds for a bucket's list, which has objects of all times. */
  listingMs: 5_000,
} as const;
/** Uploads whose jobs are asked for at the same time. */
const atOnce = 20;

type LookPorts = Pick<Ports, 'blobs' | 'jobs' | 'buckets' | 'settings' | 'clock'>;

/**
 * Looks for uploads of the last hours that never became jobs, and makes none: what `findLostUploads` would find. Objects
 * whose events may still be under way are left out.
 * @param youngestMs Age in milliseconds from which on an upload without a job counts.
 */
export async function lookForLostUploads(
  hours: number,
  youngestMs: number,
  ports: LookPorts,
): Promise<UploadSearch> {
  const now = ports.clock.now().getTime();
  const from = new Date(now - hours * hourMs);
  const to = new Date(now - youngestMs);
  const { uploads, webUploads } = ports.buckets;
  const lists = await Promise.all([uploads, webUploads].map((bucket) => listFirst(bucket, from, to, ports)));
  const objects = lists.flatMap((list) => list.objects);
  const lost: string[] = [];
  for (let at = 0; at < objects.length; at += atOnce) {
    const some = objects.slice(at, at + atOnce);
    const verdicts = await Promise.all(some.map((object) => lacksJob(object, ports)));
    lost.push(...some.filter((_, index) => verdicts[index]).map(objectAddress));
  }
  return { lost, looked: objects.length, complete: lists.every(({ complete }) => complete), hours };
}

/** Whether an operation that the upload asks for has no job. An object that is no upload lacks none. */
async function lacksJob(object: FinalizedObject, ports: LookPorts): Promise<boolean> {
  const upload = readUpload(object, await senderOf(object, ports));
  if (upload.kind === 'ignored') return false;
  const existing = await ports.jobs.ofSource(storedSource(object));
  return upload.jobs.some(({ operation }) => !existing.some(({ job }) => job.operation === operation));
}

/** The objects of a time that are listed first. */
async function listFirst(
  bucket: string,
  from: Date,
  to: Date,
  { blobs }: LookPorts,
): Promise<{ objects: FinalizedObject[]; complete: boolean }> {
  const objects: FinalizedObject[] = [];
  const listing = blobs.createdBetween(bucket, from, to, () => {})[Symbol.asyncIterator]();
  const ended = new AbortController();
  const late = delay(most.listingMs, 'late' as const, { signal: ended.signal });
  // It is aborted as soon as the list has ended.
  late.catch(() => {});
  try {
    while (objects.length < most.uploads) {
      const next = await Promise.race([listing.next(), late]);
      if (next === 'late') return { objects, complete: false };
      if (next.done) return { objects, complete: true };
      objects.push(next.value);
    }
    return { objects, complete: false };
  } finally {
    ended.abort();
    // A list that hangs is not waited for.
    void listing.return?.();
  }
}
