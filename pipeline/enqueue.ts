import { PermanentError } from '@spillway/core/errors.ts';
import { type Job, schemaVersion } from '@spillway/core/job.ts';
import { jobId } from '@spillway/core/job-id.ts';
import { isOperationName, operations } from '@spillway/core/operations.ts';
import { decideRoute } from '@spillway/core/routing/decide-route.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import {
  type JobRequest,
  type NewJob,
  published,
  type RouteChoice,
  reserved,
  routed,
} from '@spillway/core/transitions.ts';
import type { Stored } from './ports/job-store.ts';
import type { Ports } from './ports/ports.ts';

export type Enqueued =
  | { kind: 'enqueued'; job: Job }
  /** The job was there already, and needs nothing from here. */
  | { kind: 'repeated'; job: Job };

/**
 * Reserve, count, decide, update, publish. The reservation comes first, so that routers working at the same time
 * see each other's jobs in the count. Whatever is cut off in between is taken up by the repeated event or the sweep.
 * Throws `OutageError` when a service does not answer.
 */
export async function enqueue(request: JobRequest, ports: Ports): Promise<Enqueued> {
  const creation = await reserve(request, ports);
  if (creation.kind === 'exists' && !needsRouting(creation.stored.job)) {
    return { kind: 'repeated', job: creation.stored.job };
  }
  const choice = await chooseRoute(creation.stored, ports);
  const decided = await ports.jobs.replace(
    creation.stored,
    routed(creation.stored.job, choice, ports.clock.now()),
  );
  if (!decided) return { kind: 'repeated', job: creation.stored.job };
  return { kind: 'enqueued', job: (await publish(decided, ports)).job };
}

/** The identity and the values that a job has before anything is known of its route. */
export async function newJob(request: JobRequest, ports: Ports): Promise<NewJob> {
  const { operation, options, run, source } = request;
  const { bucket, name, generation } = source;
  return {
    ...request,
    id: jobId({ bucket, name, generation, operation, options, run }),
    reservation: ports.clock.token(),
    objectiveMs: objectiveMs(operation, await ports.settings.routing()),
    workMs: isOperationName(operation) ? operations[operation].priorServiceMs : 0,
  };
}

/** Hands the job's message to its side, and notes that it did. A crash in between publishes twice, harmlessly. */
export async function publish(stored: Stored, ports: Ports): Promise<Stored> {
  const { id, route } = stored.job;
  await ports.queue.publish(route.target, { schemaVersion, jobId: id, epoch: route.epoch });
  // A worker may have claimed the job already: then there is nothing left to note.
  return (await ports.jobs.replace(stored, published(stored.job, ports.clock.now()))) ?? stored;
}

/**
 * Asks the router where the job should wait, given all that stands before it now. Throws `PermanentError` when this
 * version knows no such operation, and `OutageError`.
 */
export async function chooseRoute(stored: Stored, ports: Ports): Promise<RouteChoice> {
  const { operation, deadlineAt } = stored.job;
  if (!isOperationName(operation)) throw new PermanentError('unknown_operation');
  const [settings, fleet, ahead] = await Promise.all([
    ports.settings.routing(),
    ports.fleet.read(),
    ports.jobs.ahead(stored),
  ]);
  const now = ports.clock.now();
  return decideRoute({ operation, deadlineAt, now, workers: fleet.workers, ahead, settings });
}

async function reserve(request: JobRequest, ports: Ports) {
  return ports.jobs.create(reserved(await newJob(request, ports), ports.clock.now()));
}

/** A repeated event takes up a job whose first router did not get as far as publishing. */
function needsRouting(job: Job): boolean {
  return job.state === 'queued' && job.publishedAt === null && job.deletedAt === null;
}

function objectiveMs(operation: string, settings: RoutingSettings): number {
  if (!isOperationName(operation)) return 0;
  return settings.objectivesMs[operation] ?? operations[operation].objectiveMs;
}
