import { type Background, singleFlight } from '@spillway/core/background.ts';
import { offeredWorkTiming } from '@spillway/core/routing/offered-work.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';
import { readSystemGauges } from './system-gauges.ts';
import { gaugeMetrics } from './telemetry/gauges.ts';

/** Writes what is true of the system to where metrics are kept: for alarms, and for the pool of VMs to follow. */
export interface GaugeReports extends Background {
  /**
   * To be called after each sweep that had the lease, and not to be waited for. It does something once in a while, and
   * never rejects.
   */
  report(): Awaitable<void>;
}

/**
 * One report at a time is under way, so a slow or absent service holds up no sweep and no memory. Reports have a lease of
 * their own for as long as a point counts: of several programs that sweep one after another, one writes.
 * @param holder Names this process.
 */
export function createGaugeReports(holder: string, ports: Ports): GaugeReports {
  const { metrics, leases, clock, log } = ports;
  // The autoscaler of the VMs wants a point of the offered work more often than others need theirs.
  const { every } = offeredWorkTiming;
  let nextAt = 0;
  let stopped = false;
  let isWarnedOf = false;

  const flight = singleFlight(async () => {
    const now = clock.now();
    if (metrics === null || stopped || now.getTime() < nextAt) return;
    nextAt = now.getTime() + every;
    try {
      // The name is that of the time when it was the only metric: versions that work side by side share the lease.
      if (!(await leases.acquire('offered-work', holder, every))) return;
      const gauges = await readSystemGauges(ports);
      isWarnedOf = false;
      await metrics.write(gaugeMetrics(gauges, now), null);
    } catch (error) {
      if (!stopped && !isWarnedOf) log.warn({ error }, 'The gauges of the system could not be read.');
      isWarnedOf = true;
    }
  });

  return {
    report: flight.run,
    /** Does not wait for a report: a worker that leaves has no time for it, and another one writes the next point. */
    stop() {
      stopped = true;
    },
  };
}
