import type { OperationStats } from '../heartbeat.ts';
import type { LearnedService } from '../routing/service-times.ts';

/** What a worker has learned whose every job takes `ratio` times the prior: no spread, whatever the picture's size. */
export function steadyService(ratio: number, count = 20): LearnedService {
  const figures = { p50: ratio, p90: ratio, count };
  return { all: figures, bands: [figures, figures, figures, figures] };
}

/** The same as a heartbeat says it. */
export function steadyStats(ratio: number, count = 20): OperationStats {
  return { serviceMs: 0, succeeded: count, failed: 0, learned: steadyService(ratio, count) };
}
