import type { Job, JobClass } from '../job.ts';
import { manifestOf, type OperationName } from '../operations.ts';
import type { RoutingSettings } from '../settings.ts';

/** How long a job that has missed its deadline lets others pass, in milliseconds. */
const lateJobsWaitMs = 15_000;

/** Milliseconds from the upload within which a job should end. */
export function objectiveMs(operation: OperationName, jobClass: JobClass, settings: RoutingSettings): number {
  const { interactive, bulk = settings.bulk.objectiveMs } = manifestOf(operation).objectiveMs;
  const objective = settings.objectivesMs[operation] ?? interactive;
  return jobClass === 'bulk' ? Math.max(objective, bulk) : objective;
}

/**
 * VMs take the job whose turn comes first: the one with the earliest deadline. Where an owner's own work alone keeps
 * the VMs beyond the deadline, it is the time at which that work would be done: so a crowd of one owner's jobs stands
 * in line behind itself, and another's single job does not.
 * (Virtual finish times, as in start-time fair queueing: Goyal, Vin and Cheng, SIGCOMM 1996.)
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
 * A new turn for a job that can no longer be in time, so that those pass which still can: without it a burst that is
 * too large makes every job late, each by the ones before it. Null where the job may be in time, or has let others
 * pass already: its later turn comes, however much there is to do.
 * @param serviceMs What it would take where it is looked at.
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

/** Half the width of the time that `disorderAround` gives, in milliseconds. */
const disorderMs = 500;

/**
 * Turns so close to this one that the jobs count as ahead in the order of their creation: events do not come in the
 * order of uploads, and a job that comes late must not take the place that others were promised.
 */
export function disorderAround(turnAt: Date): [from: Date, to: Date] {
  const turn = turnAt.getTime();
  return [new Date(turn - disorderMs), new Date(turn + disorderMs)];
}

/** A message is taken for lost when nobody has claimed its job for this long (ms), or for `patience` predictions. */
export const unclaimedMs = 30_000;
const patience = 3;

/** Since the job's message was published, in milliseconds. */
export function waitedMs({ publishedAt }: Job, now: Date): number {
  return publishedAt ? now.getTime() - publishedAt.getTime() : 0;
}

/** Whether a job that waits should be published again. */
export function messageSeemsLost(job: Job, now: Date): boolean {
  // Each time twice as long, so that a job that waits for days is not published every half minute.
  const before = job.publishedAt ? job.publishedAt.getTime() - job.createdAt.getTime() : 0;
  return waitedMs(job, now) > Math.max(unclaimedMs, patience * predictedWaitMs(job), before);
}

/** How far the longest waiting job is beyond what was predicted for it, in milliseconds; no wait counts from before `since`. */
export function mostOverdueMs(waiting: readonly Job[], since: Date | null, now: Date): number {
  const mostMs = since ? now.getTime() - since.getTime() : Number.POSITIVE_INFINITY;
  const overdue = waiting.map((job) => Math.min(mostMs, waitedMs(job, now)) - predictedWaitMs(job));
  return Math.max(0, ...overdue);
}

function predictedWaitMs({ route }: Job): number {
  return route.predicted?.[route.target]?.waitMs ?? 0;
}
