import { announceEnd } from './announce.ts';
import { readConditions } from './conditions.ts';
import { decide, publish } from './enqueue.ts';
import { helpEach } from './help-each.ts';
import type { Stored } from './ports/job-store.ts';
import type { Ports } from './ports/ports.ts';
import { reviewWaiting } from './review-waiting.ts';
import { routeUpload } from './route.ts';

/** Milliseconds. */
const timing = {
  /** Keeps most sweepers from doing the same at once; one that dies holds up the others no longer than this. */
  lease: 3_000,
  /** A router that is at work gets this long before its job counts as left behind. */
  routing: 3_000,
  /** An announcement that is under way gets this long. */
  announcing: 5_000,
} as const;
const batch = 100;

export interface Swept {
  published: number;
  moved: number;
  republished: number;
  freed: number;
  announced: number;
}

/**
 * Takes up whatever was left behind: claimed by a worker that is gone, recorded but not published, late where it
 * waits, published but not claimed, ended but not announced; and keeps what routers know of the world.
 * Resolves to null when another sweep has the lease.
 */
export async function sweepOnce(holder: string, ports: Ports): Promise<Swept | null> {
  if (!(await ports.leases.acquire('sweep', holder, timing.lease))) return null;
  const freed = await freeAbandoned(ports);
  const published = await publishUnpublished(ports);
  const waiting = await reviewWaiting(ports);
  const announced = await announceUnannounced(ports);
  await ports.fleet.removeExpired(ports.clock.now());
  return { freed, published, ...waiting, announced };
}

/**
 * Makes the jobs of objects whose event was lost, and none for operations that have theirs: what rules and defaults
 * say today is not held against what was asked for then. Resolves to the number of jobs that were made.
 */
export async function findLostUploads(from: Date, to: Date, ports: Ports): Promise<number> {
  let made = 0;
  for await (const object of ports.blobs.createdBetween(ports.buckets.uploads, from, to)) {
    const existing = await ports.jobs.ofSource(object);
    const wanted = (operation: string) => !existing.some(({ job }) => job.operation === operation);
    made += (await routeUpload(object, null, ports, wanted)).length;
  }
  return made;
}

async function freeAbandoned(ports: Ports): Promise<number> {
  const abandoned = await ports.jobs.abandoned(ports.clock.now(), batch);
  return helpEach(abandoned, ports, async (stored) => {
    const worker = stored.job.claim?.worker ?? 'its worker';
    if (!(await routeAnew(stored, ports))) return false;
    ports.log.warn({ jobId: stored.job.id, worker }, `Queued again: ${worker} stopped renewing its claim.`);
    return true;
  });
}

async function publishUnpublished(ports: Ports): Promise<number> {
  const before = new Date(ports.clock.now().getTime() - timing.routing);
  const left = await ports.jobs.unpublished(before, batch);
  return helpEach(left, ports, async (stored) => {
    if (!(await routeAnew(stored, ports))) return false;
    ports.log.warn({ jobId: stored.job.id }, 'Published a job that its router had left behind.');
    return true;
  });
}

async function announceUnannounced(ports: Ports): Promise<number> {
  const before = new Date(ports.clock.now().getTime() - timing.announcing);
  const left = await ports.jobs.unannounced(before, batch);
  return helpEach(left, ports, async (stored) => {
    await announceEnd(stored, ports);
    return true;
  });
}

/** Decides and publishes as the job's router would have; false when somebody else was at it. */
async function routeAnew(stored: Stored, ports: Ports): Promise<boolean> {
  const decided = await decide(stored, await readConditions(ports), ports);
  if (decided) await publish(decided, ports);
  return decided !== null;
}
