import type { Awaitable } from '@spillway/core/steps.ts';

/** Figures that the platform itself acts on: Cloud Monitoring, and by it the autoscaler of the VMs. */
export interface Metrics {
  /**
   * Writes one point of the offered work, which is a number of slots. Throws `OutageError`, and `RefusedError` where this
   * program may not write it; its message says which role to grant. It gives up within some seconds.
   */
  writeOfferedWork(slots: number, at: Date): Awaitable<void>;
}
