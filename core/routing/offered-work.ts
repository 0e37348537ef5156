/** Milliseconds. */
export const offeredWorkTiming = {
  /**
   * Arrivals are averaged over this time. A shorter one would make the pool follow single bursts, which Cloud Run takes
   * within seconds. A new VM works after one to two minutes, so a longer one would only add to that.
   */
  arrivedWithin: 300_000,
  /** Work that is late, and work that is due by then, should be done within this time. */
  horizon: 300_000,
  /**
   * From one point of the metric to the next. The autoscaler wants one a minute at least, and Cloud Monitoring takes one
   * in five seconds at most.
   * @see https://cloud.google.com/compute/docs/autoscaler/scaling-cloud-monitoring-metrics
   * @see https://cloud.google.com/monitoring/quotas#custom_metrics_quotas
   */
  every: 30_000,
} as const;

/** Sums over the ledger, in milliseconds of one slot of a VM. */
export interface WorkSeen {
  /** Of all jobs that arrived within `arrivedWithin`, whatever target they were given. */
  arrivedMs: number;
  /** Of the jobs that wait for either target although their turn has passed. */
  overdueMs: number;
  /** Of the jobs that wait for the VMs and whose turn comes within `horizon`, overdue ones included. */
  dueMs: number;
}

/**
 * The offered work: how many slots of VMs the work would keep busy if VMs did all of it, which is seconds of a slot per
 * second. A pool of VMs that follows it grows where Cloud Run carries a steady load, and shrinks where nothing comes.
 *
 * offered = max(arrived / window + overdue / horizon, due / horizon)
 *
 * - What arrives has to be worked off at the rate at which it arrives, or the lines grow without an end. Both targets
 *   count: what goes to Cloud Run is what the VMs lack. It is averaged, so that Cloud Run keeps the short peaks.
 * - What is overdue was not kept in time by either target. It is extra work, to be done within the horizon beside what
 *   arrives. What waits and will be in time is no reason for more VMs.
 * - What waits for the VMs and is due within the horizon takes at least `due / horizon` slots, however little arrives by
 *   now. This keeps the VMs that a large batch was promised. It is a second lower bound and no addition, because most of
 *   it has just arrived.
 * @param arrivingSlots Slots that the arrivals to come will keep busy, by a forecast. They take the place of what arrived.
 *   Null: no forecast.
 * @see Buttazzo, "Hard Real-Time Computing Systems", on the processor demand of earliest deadline first
 * @see https://en.wikipedia.org/wiki/Offered_load for the term
 */
export function offeredSlots(
  { arrivedMs, overdueMs, dueMs }: WorkSeen,
  arrivingSlots: number | null = null,
): number {
  const { arrivedWithin, horizon } = offeredWorkTiming;
  const arriving = arrivingSlots ?? arrivedMs / arrivedWithin;
  return Math.max(arriving + overdueMs / horizon, dueMs / horizon);
}
