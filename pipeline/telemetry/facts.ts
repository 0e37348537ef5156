import { isTerminal, type Job, type JobState } from '@spillway/core/job.ts';
import { keptObjective } from '@spillway/core/objective.ts';
import { type GiveBackReason, noValue } from '@spillway/core/telemetry-metrics.ts';
import type { Instruments } from '../ports/instruments.ts';

type Told = { instruments: Instruments };

/** A job has just ended, by a write of this process. */
export function tellEnd(job: Job, { instruments }: Told): void {
  const { operation, state, error, timings } = job;
  const target = job.route.reason === 'reserved' ? noValue : job.route.target;
  if (!isEnd(state)) return;
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
export function tellDecision(before: Job, { route }: Job, { instruments }: Told): void {
  const isMove = before.route.reason !== 'reserved' && before.route.target !== route.target;
  const { target, reason } = route;
  instruments.count('spillway.routing.decisions', { target, reason, move: isMove ? 'yes' : 'no' });
}

/** An attempt at a job that is still open was just taken back from its worker. */
export function tellGivenBack({ operation, route }: Job, why: GiveBackReason, { instruments }: Told): void {
  instruments.count('spillway.jobs.given_back', { operation, target: route.target, why });
}

type End = Exclude<JobState, 'queued' | 'processing'>;

function isEnd(state: JobState): state is End {
  return isTerminal(state);
}
