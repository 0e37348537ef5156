import { type RoutingSettings, slotsOfInstance } from '../settings.ts';
import type { ArrivalForecast } from './forecaster.ts';

/** Which minutes ahead count, the first and the last. */
export const forecastHorizon = {
  /**
   * The minimum is set once a minute and takes effect within the next, and an instance is ready seconds later.
   * @see https://cloud.google.com/run/docs/configuring/min-instances
   */
  instances: { from: 1, to: 3 },
  /**
   * A VM that is asked for now works after some three minutes. Further ahead, forecasts are worth less: on the first half
   * of the bursty trace, more minutes cost more and kept no more objectives.
   */
  vms: { from: 1, to: 2 },
} as const;

/** Slots that arrivals keep busy: `upper` is exceeded in one minute of ten. */
export interface ForecastSlots {
  expected: number;
  upper: number;
}

/**
 * The busiest of these minutes, as slots of VMs that the work would keep busy if VMs did all of it, the same unit as the
 * offered work. Operations are taken as independent of each other: their margins add up as standard deviations do.
 */
export function forecastSlots(
  forecast: ArrivalForecast,
  { from, to }: { from: number; to: number },
): ForecastSlots {
  const most = { expected: 0, upper: 0 };
  for (let ahead = from; ahead <= to; ahead++) {
    let expected = 0;
    let variance = 0;
    for (const { minutes, workMs } of forecast.values()) {
      const minute = minutes[ahead - 1];
      if (!minute) continue;
      const slotsOfJob = workMs / 60_000;
      expected += minute.expected * slotsOfJob;
      variance += ((minute.upper - minute.expected) * slotsOfJob) ** 2;
    }
    most.expected = Math.max(most.expected, expected);
    most.upper = Math.max(most.upper, expected + Math.sqrt(variance));
  }
  return most;
}

/**
 * Minimum instances of Cloud Run that keep what VMs cannot take from meeting cold starts, within the bounds that the
 * admin gives: the slots that the upper forecast keeps busy, less those of the VMs. No more than that: an instance that
 * waits for a cluster within the minute costs most of what a VM does, which would work as well.
 * @param forecast Null where there is none: then the least.
 * @param vmSlots Slots of the live VMs.
 */
export function wantedMinInstances(
  forecast: ArrivalForecast | null,
  vmSlots: number,
  settings: RoutingSettings,
): number {
  const {
    run,
    forecast: { minInstances },
  } = settings;
  const most = run.enabled ? Math.min(minInstances.most, run.maxInstances) : 0;
  const least = Math.min(minInstances.least, most);
  if (forecast === null) return least;
  const { upper } = forecastSlots(forecast, forecastHorizon.instances);
  return Math.min(most, Math.max(least, Math.ceil((upper - vmSlots) / slotsOfInstance(settings))));
}
