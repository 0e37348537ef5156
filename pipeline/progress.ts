import { singleFlight } from '@spillway/core/background.ts';
import type { Job, JobProgress } from '@spillway/core/job.ts';
import { type Awaitable, begin, type Steps, waitFor } from '@spillway/core/steps.ts';
import { holds, progressed } from '@spillway/core/transitions.ts';
import { changeJob } from './change-job.ts';
import { ofJob } from './log/of-job.ts';
import type { Ports } from './ports/ports.ts';

/**
 * Firestore sustains about one write a second to one document, and a claim's renewals are written to the same
 * one.
 */
const leastMsBetweenWrites = 1_500;

export interface ProgressReport {
  /** Says what the job waits for; null when its work begins. Not every call is written, but the newest one is. */
  tell(progress: JobProgress | null): void;
  /** Resolves when everything is written. */
  settled(): Awaitable<void>;
}

/** Writes into the job's document what its holder waits for. A failure to write is only logged. */
export function reportProgress(
  job: Job,
  token: string,
  { jobs, clock, log }: Pick<Ports, 'jobs' | 'clock' | 'log'>,
): ProgressReport {
  let lastWrite = Number.NEGATIVE_INFINITY;
  let pending: JobProgress | null | undefined;

  const writing = singleFlight(() => begin(write()));

  function* write(): Steps<void> {
    while (pending !== undefined) {
      const progress = pending;
      pending = undefined;
      lastWrite = clock.now().getTime();
      try {
        yield* changeJob(jobs, job.id, (current) =>
          holds(current, token) ? progressed(current, progress) : null,
        );
      } catch (error) {
        log.warn({ ...ofJob(job), error }, 'The progress of a job could not be written.');
      }
    }
  }

  function* settle(): Steps<void> {
    yield* waitFor(writing.landed());
    // A call may have come after the last look at `pending` and before the write had ended.
    yield* waitFor(writing.run());
  }

  return {
    tell(progress) {
      const due = clock.now().getTime() - lastWrite >= leastMsBetweenWrites;
      if (progress && !due) return;
      if (!progress && lastWrite === Number.NEGATIVE_INFINITY) return;
      pending = progress;
      void writing.run();
    },
    settled: () =>
      lastWrite === Number.NEGATIVE_INFINITY && pending === undefined ? undefined : begin(settle()),
  };
}
