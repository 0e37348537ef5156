import { type Background, singleFlight } from '@spillway/core/background.ts';
import { messageOf } from '@spillway/core/errors.ts';
import { offeredSlots, offeredWorkTiming } from '@spillway/core/routing/offered-work.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';
import { arrivingSlots } from './prewarming.ts';

/** Tells the platform how much work is offered, so that the pool of VMs can follow it. */
export interface OfferedWorkReports extends Background {
  /**
   * To be called after each sweep that had the lease, and not to be waited for. It does something once in a while, and
   * never rejects.
   */
  report(): Awaitable<void>;
}

/**
 * One report at a time is under way, so a slow or absent service holds up no sweep and no memory. Reports have a lease of
 * their own for as long as a point counts: of several programs that sweep one after another, one writes. A failure is
 * warned of once, until its reason changes.
 * @param holder Names this process.
 */
export function createOfferedWorkReports(
  holder: string,
  ports: Pick<Ports, 'metrics' | 'sums' | 'settings' | 'forecasts' | 'leases' | 'clock' | 'log'>,
): OfferedWorkReports {
  const { metrics, sums, leases, clock, log } = ports;
  const { arrivedWithin, horizon, every } = offeredWorkTiming;
  let nextAt = 0;
  let stopped = false;
  let warnedOf: string | null = null;

  async function offeredWork(now: Date): Promise<number> {
    const at = (ms: number) => new Date(now.getTime() + ms);
    const [arrived, overdueVm, overdueRun, due, arriving] = await Promise.all([
      sums.arrivedSince(at(-arrivedWithin)),
      sums.waitingBefore('vm', now),
      sums.waitingBefore('run', now),
      sums.waitingBefore('vm', at(horizon)),
      arrivingSlots(now, ports),
    ]);
    const overdueMs = overdueVm.workMs + overdueRun.workMs;
    return offeredSlots({ arrivedMs: arrived.workMs, overdueMs, dueMs: due.workMs }, arriving);
  }

  const flight = singleFlight(async () => {
    const now = clock.now();
    if (metrics === null || stopped || now.getTime() < nextAt) return;
    nextAt = now.getTime() + every;
    try {
      if (!(await leases.acquire('offered-work', holder, every))) return;
      await metrics.writeOfferedWork(await offeredWork(now), now);
      if (warnedOf !== null) log.info({}, 'The offered work is written to Cloud Monitoring again.');
      warnedOf = null;
    } catch (error) {
      warn(error);
    }
  });

  function warn(error: unknown): void {
    const why = messageOf(error);
    if (stopped || why === warnedOf) return;
    warnedOf = why;
    log.warn({ error }, `The VMs cannot follow the offered work, because it could not be written. ${why}`);
  }

  return {
    report: flight.run,
    /** Does not wait for a report: a worker that leaves has no time for it, and another one writes the next point. */
    stop() {
      stopped = true;
    },
  };
}
