import { OutageError, PermanentError } from '@spillway/core/errors.ts';
import { isTerminal, type Job, schemaVersion } from '@spillway/core/job.ts';
import { shouldMove } from '@spillway/core/routing/should-move.ts';
import { moved, routed } from '@spillway/core/transitions.ts';
import { announceEnd } from './announce.ts';
import { chooseRoute, publish } from './enqueue.ts';
import type { Stored } from './ports/job-store.ts';
import type { Ports } from './ports/ports.ts';
import { recordFailure } from './record.ts';
import { routeUpload } from './route.ts';

/** Milliseconds. */
const timing = {
  /** Keeps most sweepers from doing the same at once; one that dies holds up the others no longer than this. */
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
  return eachInTurn(abandoned, ports, async (stored) => {
    const worker = stored.job.claim?.worker ?? 'its worker';
    if (!(await routeAnew(stored, ports))) return false;
    ports.log.warn({ jobId: stored.job.id, worker }, `Queued again: ${worker} stopped renewing its claim.`);
    return true;
  });
}

async function publishUnpublished(ports: Ports): Promise<number> {
  const left = await ports.jobs.unpublished(before(ports, timing.routing), batch);
  return eachInTurn(left, ports, async (stored) => {
    if (!(await routeAnew(stored, ports))) return false;
    ports.log.warn({ jobId: stored.job.id }, 'Published a job that its router had left behind.');
    return true;
  });
}

/** Moves what would be late where it waits; republishes a job whose message seems lost. */
async function reviewWaiting(ports: Ports): Promise<{ moved: number; republished: number }> {
  const waiting = await ports.jobs.waiting(before(ports, timing.waiting), batch);
  let movedCount = 0;
  const republished = await eachInTurn(waiting, ports, async (stored) => {
    const now = ports.clock.now();
    const choice = await chooseRoute(stored, ports);
    if (shouldMove(stored.job.route, choice, waitedMs(stored.job, now))) {
      const next = await ports.jobs.replace(stored, moved(stored.job, choice, now));
      if (!next) return false;
      await publish(next, ports);
      ports.log.info({ jobId: stored.job.id, target: choice.target }, `Moved: ${choice.explanation}`);
      movedCount++;
      return false;
    }
    if (!seemsLost(stored.job, now)) return false;
    await publish(stored, ports);
    ports.log.warn({ jobId: stored.job.id }, 'Republished a job that nobody had claimed.');
    return true;
  });
  return { moved: movedCount, republished };
}

async function announceUnannounced(ports: Ports): Promise<number> {
  const left = await ports.jobs.unannounced(before(ports, timing.announcing), batch);
  return eachInTurn(left, ports, async (stored) => {
    await announceEnd(stored, ports);
    return true;
  });
}

/** Decides and publishes as the job's router would have; false when somebody else was at it. */
async function routeAnew(stored: Stored, ports: Ports): Promise<boolean> {
  const choice = await chooseRoute(stored, ports);
  const decided = await ports.jobs.replace(stored, routed(stored.job, choice, ports.clock.now()));
  if (decided) await publish(decided, ports);
  return decided !== null;
}

function seemsLost(job: Job, now: Date): boolean {
  const predictedWait = job.route.predicted?.[job.route.target]?.waitMs ?? 0;
  // Each time twice as long, so that a job that waits for days is not published every half minute.
  const before = job.publishedAt ? job.publishedAt.getTime() - job.createdAt.getTime() : 0;
  const patience = Math.max(timing.unclaimed, timing.patience * predictedWait, before);
  return waitedMs(job, now) > patience;
}

/** Since its message was published. */
function waitedMs({ publishedAt }: Job, now: Date): number {
  return publishedAt ? now.getTime() - publishedAt.getTime() : 0;
}

function before(ports: Ports, ms: number): Date {
  return new Date(ports.clock.now().getTime() - ms);
}

/**
 * Counts the jobs for which the action did something. One after another, so that each decision sees what the one
 * before it moved. A job that cannot be helped must not stop the others; an outage stops them all until the next sweep.
 */
async function eachInTurn(
  list: Stored[],
  ports: Ports,
  action: (stored: Stored) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  for (const stored of list) {
    // A newer version of this program has written it, and sweeps as well.
    if (stored.job.schemaVersion > schemaVersion) continue;
    try {
      if (await action(stored)) count++;
    } catch (error) {
      if (error instanceof OutageError) throw error;
      ports.log.error({ jobId: stored.job.id, error }, 'The sweep could do nothing for a job.');
      if (error instanceof PermanentError) await failWhereItWaits(stored.job, error, ports);
    }
  }
  return count;
}

async function failWhereItWaits(job: Job, { code, message }: PermanentError, ports: Ports): Promise<void> {
  const failure = { code, message, retryable: false };
  const untouched = (current: Job) => !isTerminal(current.state) && current.route.epoch === job.route.epoch;
  await recordFailure(job, failure, untouched, ports);
}
