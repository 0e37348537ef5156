import type { RunServiceDescription } from '@spillway/core/run-service.ts';
import type { Awaitable } from '@spillway/core/steps.ts';

/** What became of a change of the minimum. */
export type MinimumChange =
  | { kind: 'unchanged' }
  | { kind: 'done'; before: number }
  /** Cloud Run has taken it and still starts or ends instances, or this program may not see how that goes. */
  | { kind: 'under_way'; before: number };

/**
 * The service of Cloud Run that the worker is. Both methods throw `OutageError`, also where somebody else changes the
 * service at the same time, and `RefusedError` where this program may not do it, where there is no such service, and
 * where Cloud Run does not take the value. The message says what to mend.
 */
export interface RunService {
  describe(): Awaitable<RunServiceDescription>;
  /**
   * Keeps at least this number of instances started, in all revisions that have traffic together. It makes no new
   * revision. Resolves when Cloud Run has done it or after some seconds.
   */
  setMinimumInstances(count: number): Awaitable<MinimumChange>;
}
