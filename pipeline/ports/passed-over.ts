import type { PassedOver, PassingTask } from '@spillway/core/passed-over.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

export interface PassedOverNote {
  task: PassingTask;
  item: string;
  why: string;
}

/**
 * `passed-over/`: objects and jobs that could not be helped. All methods throw `OutageError` and
 * `RefusedError`.
 */
export interface PassedOverItems {
  /** Notes an item, or that it was met again. The same item is written no more than once a minute. */
  note(note: PassedOverNote): Awaitable<void>;
  /** Items that are not forgotten, the one that was met last first, and no more than `limit`. */
  recent(limit: number): Awaitable<PassedOver[]>;
  /** Removes items that were not met again in time. */
  removeExpired(): Awaitable<void>;
}
