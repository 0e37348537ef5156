import { isAskedAgain } from '@spillway/core/job.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { slotsOf } from '@spillway/core/routing/state.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { NewJob } from '@spillway/core/transitions.ts';
import { routedAtOnce } from './topics.ts';

/** Uploads are counted by intervals of this length, in which they were created. Milliseconds. */
const intervalMs = 2_000;
/**
 * Where a process has as many uploads under way, others wait for it. An instance of Cloud Run that is no more than busy has
 * 60 % of what it may have at a time: https://cloud.google.com/run/docs/about-instance-autoscaling
 */
const fullFrom = 0.9 * routedAtOnce;
/** A process is slow where several uploads have been under way for this long. Milliseconds: a few round trips take less. */
const slowAfterMs = 500;
const several = 5;
/** What was heard of longest ago is forgotten first. */
const mostBatches = 200;
const mostOwners = 1_000;

/** What a routing process has seen of late. A process that starts anew only asks the database more often. */
export interface RecentArrivals {
  /** An upload is being routed, until the returned function is called. */
  begin(): () => void;
  /** Whether the job is known to be of a batch that is bulk, without asking the database. */
  isOfLargeBatch(
    job: Pick<NewJob, 'id' | 'batch' | 'batchSize' | 'operation' | 'retryOf' | 'rerunOf'>,
    settings: RoutingSettings,
  ): boolean;
  /** The database says that the job's batch is bulk. */
  noteLargeBatch(job: { batch: string | null; operation: string }): void;
  /**
   * Whether the job is one of a crowd: its owner has uploaded more than a batch within seconds, and that is more than VMs
   * and Cloud Run can do in that time, or uploads queue up in this process. Its decision can wait for the sweep, because it
   * waits for its owner's other jobs anyway.
   */
  isOfCrowd(job: NewJob, conditions: Conditions): boolean;
}

interface Interval {
  index: number;
  files: number;
  workMs: number;
}

/** @param now Milliseconds of a clock that never goes back. */
export function createRecentArrivals(now: () => number = () => performance.now()): RecentArrivals {
  /** The ids of a batch's jobs of one operation, no more than are needed to know that it is bulk. */
  const batches = new Map<string, Set<string>>();
  const large = new Map<string, true>();
  /** Of each owner, the newest interval and the one before. */
  const owners = new Map<string, Interval[]>();
  /** When each upload that is under way began, the oldest first. */
  const underWay = new Map<symbol, number>();

  /** Whether others wait for what this process has under way. */
  function isBehind(): boolean {
    const [since] = [...underWay.values()].slice(several - 1);
    return underWay.size >= fullFrom || (since !== undefined && now() - since > slowAfterMs);
  }

  return {
    begin() {
      const upload = Symbol('upload');
      underWay.set(upload, now());
      return () => {
        underWay.delete(upload);
      };
    },
    isOfLargeBatch(job, { bulk }) {
      if (job.batch === null || job.batchSize !== null || isAskedAgain(job)) return false;
      const key = batchKey(job);
      if (large.has(key)) return true;
      const seen = batches.get(key) ?? new Set();
      const isLarge = seen.size >= bulk.batchOver && !seen.has(job.id);
      if (isLarge) {
        batches.delete(key);
        keep(large, key, true, mostBatches);
      } else keep(batches, key, seen.add(job.id), mostBatches);
      return isLarge;
    },
    noteLargeBatch(job) {
      keep(large, batchKey(job), true, mostBatches);
    },
    isOfCrowd(job, conditions) {
      if (isAskedAgain(job)) return false;
      const createdAt = job.source.timeCreated.getTime();
      const index = Math.floor(createdAt / intervalMs);
      const key = JSON.stringify(job.owner);
      const intervals = (owners.get(key) ?? []).filter((each) => each.index >= index - 1);
      const current = intervals.find((each) => each.index === index) ?? { index, files: 0, workMs: 0 };
      current.files++;
      current.workMs += job.workMs;
      keep(owners, key, [...intervals.filter((each) => each !== current), current], mostOwners);
      const waits = isBehind();
      return [...intervals, current].some(({ files, workMs }) => {
        const isTooMuch = waits || workMs > intervalMs * slotsOfAll(conditions);
        return files > conditions.settings.bulk.batchOver && isTooMuch;
      });
    },
  };
}

function batchKey({ batch, operation }: { batch: string | null; operation: string }): string {
  return JSON.stringify([batch, operation]);
}

/** Slots of the live VMs, and as many as Cloud Run may have. */
function slotsOfAll({ workers, settings }: Conditions): number {
  const { enabled, maxInstances, concurrency } = settings.run;
  return slotsOf(liveVms(workers, settings)) + (enabled ? maxInstances * concurrency : 0);
}

/** Sets an entry as the newest, and forgets the oldest where there are more than `most`. */
function keep<Value>(entries: Map<string, Value>, key: string, value: Value, most: number): void {
  entries.delete(key);
  entries.set(key, value);
  const [oldest] = entries.keys();
  if (entries.size > most && oldest !== undefined) entries.delete(oldest);
}
