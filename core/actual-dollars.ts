import type { Job } from './job.ts';
import { costOfOneJob } from './job-cost.ts';
import { billedMsOf, runDollarsOf } from './rollups/measured-cost.ts';
import type { RoutingSettings } from './settings.ts';

/**
 * US dollars that a job that succeeded has added to the bill, by what it took: what a decision expects in
 * `predicted.dollars`. A VM that says a price of its own is charged by the share that the decision took for its work; any
 * other is paid for anyway. Null for a job whose time is not known.
 */
export function actualDollars(job: Job, settings: Pick<RoutingSettings, 'run' | 'prices'>): number | null {
  const billedMs = billedMsOf(job);
  const { target, predicted } = job.route;
  if (billedMs === null || !job.timings) return null;
  switch (target) {
    case 'run':
      return costOfOneJob + runDollarsOf({ billedMs, billed: 1 }, settings);
    case 'vm': {
      const side = predicted?.vm;
      const ofWork =
        side && side.serviceMs > 0 ? Math.max(0, side.dollars - costOfOneJob) / side.serviceMs : 0;
      return costOfOneJob + ofWork * job.timings.processMs;
    }
    default:
      return target satisfies never;
  }
}
