import { isTerminal, type Job, type JobState } from '@spillway/core/job.ts';
import { keptObjective } from '@spillway/core/objective.ts';
import { type GiveBackReason, noValue } from '@spillway/core/telemetry-metrics.ts';
import type { Instruments } from '../ports/instruments.ts';
import type { Recorder } from '../ports/rollups.ts';

type Told = { instruments: Instruments; recorder: Recorder };

/** A job has just ended, by a write of this process. */
export function tellEnd(job: Job, { instruments, recorder }: Told): void {
  const { operation, state, error, timings } = job;
  const target = job.route.reason === 'reserved' ? noValue : job.route.target;
  if (!isEnd(state)) return;
  recorder.ended(job);
  instruments.count('spillway.jobs.ended', { operation, target, state, code: error?.code ?? noValue });
  const kept = keptObjective(job);
  if (kept !== null) {
    instruments.count('spillway.job.objective', { operation, class: job.class, kept: kept ? 'yes' : 'no' });
  }
  if (state === 'succeeded' && timings && target !== noValue) {
    instruments.observe('spillway.job.wait', { operation, target }, Math.max(0, timings.waitMs) / 1_000);
    instruments.observe('spillway.job.run', { operation, target }, Math.max(0, timings.processMs) / 1_000);
  }
}

/** A decision where the job waits was just written. */
export function tellDecision(before: Job, after: Job, { instruments, recorder }: Told): void {
  const { route } = after;
  const isMove = before.route.reason !== 'reserved' && before.route.target !== route.target;
  const { target, reason } = route;
  instruments.count('spillway.routing.decisions', { target, reason, move: isMove ? 'yes' : 'no' });
  recorder.decided(before, after);
}

/** An attempt at a job that is still open was just taken back from its worker. */
export function tellGivenBack(job: Job, why: GiveBackReason, { instruments, recorder }: Told): void {
  const { operation, route } = job;
  instruments.count('spillway.jobs.given_back', { operation, target: route.target, why });
  recorder.gaveBack(job, why);
}

/** A message or an event was just put aside in `jobs-dead`. */
export function tellDeadLetter(kind: 'message' | 'event', { instruments, recorder }: Told): void {
  instruments.count('spillway.dead_letters', { kind });
  recorder.deadLetter();
}

type End = Exclude<JobState, 'queued' | 'processing'>;

function isEnd(state: JobState): state is End {
  return isTerminal(state);
}
