import type { Job } from '@spillway/core/job.ts';
import { moved, requeued } from '@spillway/core/transitions.ts';
import { announceEnd } from './announce.ts';
import { chooseRoute, publish } from './enqueue.ts';
import type { Stored } from './ports/job-store.ts';
import type { Ports } from './ports/ports.ts';
import { routeUpload } from './route.ts';

/** Milliseconds. */
const timing = {
  /** One sweep at a time; a sweeper that dies holds up the others no longer than this. */
  lease: 4_000,
  /** A router that is at work gets this long before its job counts as left behind. */
  routing: 3_000,
  /** An announcement that is under way gets this long. */
  announcing: 5_000,
  /** A queued job is looked at again when it has waited this long. */
  waiting: 2_000,
  /** A message is taken for lost when nobody has claimed its job for this long, or for `patience` predictions. */
  unclaimed: 30_000,
  patience: 3,
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
 * Takes up whatever was left behind: recorded but not published, published but not claimed, late where it waits,
 * claimed by a worker that is gone, ended but not announced. Resolves to null when another sweep has the lease.
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

/** Routes objects that never became jobs because their event was lost. Resolves to how many jobs were checked. */
export async function findLostUploads(from: Date, to: Date, ports: Ports): Promise<number> {
  let checked = 0;
  for await (const object of ports.blobs.createdBetween(ports.buckets.uploads, from, to)) {
    checked += (await routeUpload(object, null, ports)).length;
  }
  return checked;
}

async function freeAbandoned(ports: Ports): Promise<number> {
  const abandoned = await ports.jobs.abandoned(ports.clock.now(), batch);
  return countTrue(abandoned, async (stored) => {
    const worker = stored.job.claim?.worker ?? 'its worker';
    const explanation = `Queued again: ${worker} stopped renewing its claim.`;
    const freed = await ports.jobs.replace(stored, requeued(stored.job, explanation, ports.clock.now()));
    if (!freed) return false;
    await routeAnew(freed, ports);
    ports.log.warn({ jobId: stored.job.id, worker }, explanation);
    return true;
  });
}

async function publishUnpublished(ports: Ports): Promise<number> {
  const left = await ports.jobs.unpublished(before(ports, timing.routing), batch);
  return countTrue(left, async (stored) => {
    await routeAnew(stored, ports);
    ports.log.warn({ jobId: stored.job.id }, 'Published a job that its router had left behind.');
    return true;
  });
}

/** Moves a waiting job to the side that the router would now choose; republishes one whose message seems lost. */
async function reviewWaiting(ports: Ports): Promise<{ moved: number; republished: number }> {
  const waiting = await ports.jobs.waiting(before(ports, timing.waiting), batch);
  let movedCount = 0;
  const republished = await countTrue(waiting, async (stored) => {
    const choice = await chooseRoute(stored, ports);
    if (choice.target !== stored.job.route.target && choice.predicted?.[choice.target]) {
      const next = await ports.jobs.replace(stored, moved(stored.job, choice, ports.clock.now()));
      if (!next) return false;
      await publish(next, ports);
      ports.log.info({ jobId: stored.job.id, target: choice.target }, `Moved: ${choice.explanation}`);
      movedCount++;
      return false;
    }
    if (!seemsLost(stored.job, ports.clock.now())) return false;
    await publish(stored, ports);
    ports.log.warn({ jobId: stored.job.id }, 'Republished a job that nobody had claimed.');
    return true;
  });
  return { moved: movedCount, republished };
}

async function announceUnannounced(ports: Ports): Promise<number> {
  const left = await ports.jobs.unannounced(before(ports, timing.announcing), batch);
  return countTrue(left, async (stored) => {
    await announceEnd(stored, ports);
    return true;
  });
}

/** Decides for a queued, unpublished job as its router would have, under the epoch that it has now. */
async function routeAnew(stored: Stored, ports: Ports): Promise<void> {
  const choice = await chooseRoute(stored, ports);
  const { epoch } = stored.job.route;
  const decided = { ...stored.job, route: { ...choice, epoch, at: ports.clock.now() } };
  const written = await ports.jobs.replace(stored, decided);
  if (written) await publish(written, ports);
}

function seemsLost(job: Job, now: Date): boolean {
  const predictedWait = job.route.predicted?.[job.route.target]?.waitMs ?? 0;
  const patience = Math.max(timing.unclaimed, timing.patience * predictedWait);
  return job.publishedAt !== null && now.getTime() - job.publishedAt.getTime() > patience;
}

function before(ports: Ports, ms: number): Date {
  return new Date(ports.clock.now().getTime() - ms);
}

/** One after another, so that each decision sees what the one before it moved. */
async function countTrue(stored: Stored[], action: (stored: Stored) => Promise<boolean>): Promise<number> {
  let count = 0;
  for (const one of stored) if (await action(one)) count++;
  return count;
}
