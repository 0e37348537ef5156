import { singleFlight } from '@spillway/core/background.ts';
import type { Job, JobProgress } from '@spillway/core/job.ts';
import { type Awaitable, begin, type Steps, waitFor } from '@spillway/core/steps.ts';
import { holds, progressed } from '@spillway/core/transitions.ts';
import { changeJob } from './change-job.ts';
import type { Ports } from './ports/ports.ts';

/** Firestore sustains about one write a second to one document, and claims are renewed there too. */
const leastMsBetweenWrites = 1_500;

export interface ProgressReport {
  /** Says what the job waits for, null when its work begins. Only the newest word is written, and not every one. */
  tell(progress: JobProgress | null): void;
  /** Resolves when nothing is being written any more. */
  settled(): Awaitable<void>;
}

/** Shows in the job's document what its holder waits for. A report that cannot be written is only logged. */
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
        log.warn({ jobId: job.id, error }, 'The progress of a job could not be written.');
      }
    }
  }

  function* settle(): Steps<void> {
    yield* waitFor(writing.landed());
    // What was told in the moment in which a write ended.
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
    settled: () => begin(settle()),
  };
}
