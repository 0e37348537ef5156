import type { Job, Target } from '@spillway/core/job.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import type { Overview } from './schema.ts';

/** Numbers for the dashboard's head, from the open jobs' counts and the newest jobs. */
export function overviewOf(
  open: Overview['open'],
  newest: Job[],
  policy: RoutingSettings['policy'],
): Overview {
  // What was refused at once was never routed.
  const routed = newest.filter((job) => job.route.reason !== 'reserved');
  const durations = newest.flatMap(durationMs).sort((a, b) => a - b);
  const byTarget: Record<Target, number> = { vm: 0, run: 0, ...countBy(routed, (job) => job.route.target) };
  return {
    open,
    recent: {
      jobs: newest.length,
      byTarget,
      byReason: countBy(routed, (job) => job.route.reason),
      byState: countBy(newest, (job) => job.state),
      p50Ms: percentile(durations, 0.5),
      p95Ms: percentile(durations, 0.95),
    },
    policy,
  };
}

/** From upload to outcome. A retry starts anew: the original may have been uploaded days before. */
function durationMs(job: Job): number[] {
  const worked = job.state === 'succeeded' || job.state === 'failed';
  if (!worked || !job.endedAt) return [];
  const start = job.retryOf === null ? job.source.timeCreated : job.createdAt;
  return [Math.max(0, job.endedAt.getTime() - start.getTime())];
}

/** Nearest rank, so that the figure is one that a job really had. */
function percentile(sorted: number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

function countBy(jobs: Job[], key: (job: Job) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const job of jobs) counts[key(job)] = (counts[key(job)] ?? 0) + 1;
  return counts;
}
