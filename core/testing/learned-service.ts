import type { OperationStats } from '../heartbeat.ts';
import type { LearnedService } from '../routing/service-times.ts';

/** The learned times of a worker whose jobs all take `ratio` times the prior, with no spread. */
export function steadyService(ratio: number, count = 20): LearnedService {
  const figures = { p50: ratio, p90: ratio, count };
  return { all: figures, bands: [figures, figures, figures, figures] };
}

/** The same in the form of a heartbeat. */
export function steadyStats(ratio: number, count = 20): OperationStats {
  return { serviceMs: 0, succeeded: count, failed: 0, learned: steadyService(ratio, count) };
}
