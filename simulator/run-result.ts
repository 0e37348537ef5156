import type { JobClass } from '@spillway/core/job.ts';
import type { OperationName } from '@spillway/core/operations.ts';

/** What became of one job. */
export interface JobOutcome {
  /** Of the job, by arrival. */
  index: number;
  operation: OperationName;
  class: JobClass;
  /** From arrival to outcome; null of a job that never ended. */
  latencyMs: number | null;
  succeeded: boolean;
  /** Ended well by its deadline. */
  inTime: boolean;
  target: 'vm' | 'run';
  attempts: number;
}

/** One policy's run over one seed's jobs. Dollars are of the whole run. */
export interface RunResult {
  policy: string;
  jobs: number;
  /** Of every job that a router has heard of. */
  outcomes: JobOutcome[];
  dollars: {
    run: number;
    /** The part of `run` for minimum instances without a request. */
    runIdle: number;
    vm: number;
    storage: number;
  };
  /** Work that was done to the end and did not count, since somebody else did it too. */
  duplicates: number;
  lost: number;
  moves: number;
  coldStarts: number;
  /** Of Cloud Run, with 429. */
  refusals: number;
  /** From the first arrival to the last end. */
  hours: number;
  /** Of all VMs that were paid for. */
  vmHours: number;
  /** What happened in virtual time, one by one: what a run costs this machine. */
  events: number;
}
