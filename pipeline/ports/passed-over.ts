import type { PassedOver, PassingTask } from '@spillway/core/passed-over.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

export interface PassedOverNote {
  task: PassingTask;
  item: string;
  why: string;
}

/** `passed-over/`: what nothing could be done for. All methods throw `OutageError` and `RefusedError`. */
export interface PassedOverItems {
  /** Notes it, or that it was met again; not more than once a minute for the same item. */
  note(note: PassedOverNote): Awaitable<void>;
  /** What is still so, what was met last first, and no more than `limit`. */
  recent(limit: number): Awaitable<PassedOver[]>;
  /** Forgets what was not met again. */
  removeExpired(): Awaitable<void>;
}
