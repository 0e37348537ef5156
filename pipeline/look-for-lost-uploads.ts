import { setTimeout as delay } from 'node:timers/promises';
import type { UploadSearch } from '@spillway/core/diagnosis/system-reading.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import { type FinalizedObject, readUpload } from '@spillway/core/uploads.ts';
import { operationsWithJobs, withoutTheirJobs } from './missing-jobs.ts';
import type { ObjectPage } from './ports/blobs.ts';
import type { Ports } from './ports/ports.ts';
import { senderOf } from './route.ts';

const hourMs = 3_600_000;
/** Bounds of a look. */
const most = {
  /** Uploads of a bucket that are held against the jobs. */
  uploads: 1_000,
  /** Milliseconds for a bucket's list, which has objects of all times. */
  listingMs: 5_000,
  /** Uploads whose jobs are asked for one by one: the others are not needed to see that something is wrong. */
  asked: 100,
} as const;

type LookPorts = Pick<Ports, 'blobs' | 'jobs' | 'buckets' | 'settings' | 'clock'>;

/**
 * Looks for uploads of the last hours that never became jobs, and makes none: what `findDueUploads` would find. Objects
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
  const looks = await Promise.all(
    [uploads, webUploads].map(async (bucket) => {
      const { objects, complete } = await listFirst(bucket, from, to, ports);
      const suspects = (await withoutTheirJobs(bucket, objects, ports)).slice(0, most.asked);
      const verdicts = await Promise.all(suspects.map((object) => lacksJob(object, ports)));
      const lost = suspects.filter((_, index) => verdicts[index]).map(objectAddress);
      return { lost, looked: objects.length, complete };
    }),
  );
  return {
    lost: looks.flatMap(({ lost }) => lost),
    looked: looks.reduce((sum, { looked }) => sum + looked, 0),
    complete: looks.every(({ complete }) => complete),
    hours,
  };
}

/** Whether an operation that the upload asks for has no job. An object that is no upload lacks none. */
async function lacksJob(object: FinalizedObject, ports: LookPorts): Promise<boolean> {
  const upload = readUpload(object, await senderOf(object, ports));
  if (upload.kind === 'ignored') return false;
  const existing = await operationsWithJobs(object, ports);
  return upload.jobs.some(({ operation }) => !existing.has(operation));
}

/** The objects of a time that are listed first. */
async function listFirst(
  bucket: string,
  from: Date,
  to: Date,
  { blobs }: LookPorts,
): Promise<{ objects: FinalizedObject[]; complete: boolean }> {
  const objects: FinalizedObject[] = [];
  const ended = new AbortController();
  const late = delay(most.listingMs, 'late' as const, { signal: ended.signal });
  // It is aborted as soon as the list has ended.
  late.catch(() => {});
  try {
    for (let behind: string | null = null; ; ) {
      // A list that hangs is not waited for.
      const page: ObjectPage | 'late' = await Promise.race([blobs.listPage(bucket, behind), late]);
      if (page === 'late') return { objects, complete: false };
      const dated = page.objects.filter(({ timeCreated }) => timeCreated >= from && timeCreated < to);
      const room = most.uploads - objects.length;
      objects.push(...dated.slice(0, room));
      if (dated.length > room) return { objects, complete: false };
      if (page.next === null) return { objects, complete: true };
      behind = page.next;
    }
  } finally {
    ended.abort();
  }
}
