import type { DeadLetter } from '@spillway/core/diagnosis/system-reading.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

/** `jobs-dead-pull`: messages and events that were put aside. Throws `OutageError` and `RefusedError`. */
export interface DeadLetters {
  /**
   * Looks at some of them, no more than `limit`, and leaves all of them where they are. Nobody else gets these for a
   * moment, and there may be more.
   */
  peek(limit: number): Awaitable<DeadLetter[]>;
  /** Takes one away for good. False where it was not found: it is gone, or somebody else has just looked at it. */
  remove(id: string): Awaitable<boolean>;
}
