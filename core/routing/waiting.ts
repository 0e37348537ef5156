import type { Job, JobClass } from '../job.ts';
import { manifestOf, type OperationName } from '../operations.ts';
import type { RoutingSettings } from '../settings.ts';

/** How long a job that has missed its deadline lets others overtake it, in milliseconds. */
const lateJobsWaitMs = 15_000;

/** Milliseconds from the upload within which a job should end. */
export function objectiveMs(operation: OperationName, jobClass: JobClass, settings: RoutingSettings): number {
  const { interactive, bulk = settings.bulk.objectiveMs } = manifestOf(operation).objectiveMs;
  const objective = settings.objectivesMs[operation] ?? interactive;
  return jobClass === 'bulk' ? Math.max(objective, bulk) : objective;
}

/**
 * A job's turn: max(deadline, virtual finish time). VMs take the job with the earliest turn (earliest deadline first).
 * The virtual finish is when the owner's own queued work would be done on the owner's weighted share of the slots, so a
 * burst of one owner queues behind itself and does not delay another owner's single job.
 * @see Goyal, Vin and Cheng, "Start-time fair queuing", SIGCOMM 1996
 * @param ownerAheadMs Work of this owner on the VMs with no later deadline, in milliseconds of one slot.
 */
export function turnOf(question: {
  deadlineAt: Date;
  now: Date;
  owner: string | null;
  ownerAheadMs: number;
  serviceMs: number;
  slots: number;
  settings: RoutingSettings;
}): Date {
  const { deadlineAt, now, owner, ownerAheadMs, serviceMs, slots, settings } = question;
  const { owners, default: usual } = settings.shares;
  const weight = owner !== null && Object.hasOwn(owners, owner) ? (owners[owner] ?? usual) : usual;
  const ownWorkDoneAt = now.getTime() + serviceMs + ownerAheadMs / (Math.max(1, slots) * weight);
  return new Date(Math.max(deadlineAt.getTime(), ownWorkDoneAt));
}

/**
 * A later turn for a job that can no longer be in time, so that jobs that still can overtake it. Without it, a burst
 * that is too large would make every job late. Null if the job may be in time, or has let others overtake it already:
 * its later turn comes, however much work there is.
 * @param serviceMs Service time and I/O on the worker that looks at the job.
 */
export function laterTurn(
  { deadlineAt, turnAt }: { deadlineAt: Date; turnAt: Date },
  serviceMs: number,
  now: Date,
): Date | null {
  const mayBeInTime = now.getTime() + serviceMs <= deadlineAt.getTime();
  const hasLetOthersPass = turnAt.getTime() >= deadlineAt.getTime() + lateJobsWaitMs;
  if (mayBeInTime || hasLetOthersPass) return null;
  return new Date(Math.max(now.getTime(), deadlineAt.getTime()) + lateJobsWaitMs);
}

/** Half the width of the interval of `disorderAround`, in milliseconds. */
const disorderMs = 500;

/**
 * The interval around a turn within which jobs are ordered by their creation instead of their turns. Events do not come
 * in the order of uploads, and a job whose event comes late must not take a place that was promised to others.
 */
export function disorderAround(turnAt: Date): [from: Date, to: Date] {
  const turn = turnAt.getTime();
  return [new Date(turn - disorderMs), new Date(turn + disorderMs)];
}

/**
 * A message counts as lost when its job stays unclaimed for this time (milliseconds), or for `patience` times its
 * predicted wait.
 */
export const unclaimedMs = 30_000;
const patience = 3;

/** Milliseconds since the job's message was published. */
export function waitedMs({ publishedAt }: Job, now: Date): number {
  return publishedAt ? now.getTime() - publishedAt.getTime() : 0;
}

/** After this time a job that still waits should be published again: its message seems lost. */
export function seemsLostAt(job: Job): Date {
  const publishedMs = (job.publishedAt ?? job.createdAt).getTime();
  // The wait doubles each time, so that a job that waits for days is not published every half minute.
  const before = publishedMs - job.createdAt.getTime();
  return new Date(publishedMs + Math.max(unclaimedMs, patience * predictedWaitMs(job), before));
}

/** The largest excess of a job's wait over its prediction, in milliseconds. Waits count from `since` on. */
export function mostOverdueMs(waiting: readonly Job[], since: Date | null, now: Date): number {
  const mostMs = since ? now.getTime() - since.getTime() : Number.POSITIVE_INFINITY;
  const overdue = waiting.map((job) => Math.min(mostMs, waitedMs(job, now)) - predictedWaitMs(job));
  return Math.max(0, ...overdue);
}

function predictedWaitMs({ route }: Job): number {
  return route.predicted?.[route.target]?.waitMs ?? 0;
}
