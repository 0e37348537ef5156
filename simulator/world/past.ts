import type { MinuteOfArrivals } from '@spillway/core/forecast/forecaster.ts';
import { offeredWorkTiming } from '@spillway/core/routing/offered-work.ts';
import { type Arrival, drawnArrivals, MinuteCounts } from '../forecast/minute-counts.ts';
import type { Scenario } from '../scenario.ts';

/** What came before the run: forecasters have counted it, and nobody works on it any more. */
export interface Past {
  /** From the beginning of a day to the run's first arrival, in seconds. */
  seconds: number;
  /** The whole minutes before the run. */
  minutes: readonly MinuteOfArrivals[];
  /** What came in the minute in which the run begins, and in the last minutes before it. */
  rest: readonly Arrival[];
  lately: readonly Arrival[];
}

export const noPast: Past = { seconds: 0, minutes: [], rest: [], lately: [] };

/** @param arrivals Seconds from the beginning of a day, sorted. @param start Of the run, in the same seconds. */
export function pastOf(arrivals: readonly number[], start: number, scenario: Scenario, seed: number): Past {
  const counts = new MinuteCounts();
  const rest: Arrival[] = [];
  const lately: Arrival[] = [];
  const [runMinute, firstMinute] = [minuteAt(start), minuteAt(arrivals[0] ?? start)];
  for (const arrival of drawnArrivals(arrivals, scenario, seed)) {
    if (minuteAt(arrival.second) < runMinute) counts.add(arrival);
    else rest.push(arrival);
    if (arrival.second >= start - offeredWorkTiming.arrivedWithin / 1_000) lately.push(arrival);
  }
  const minutes = Array.from({ length: runMinute - firstMinute }, (_, index) =>
    counts.take(firstMinute + index),
  );
  return { seconds: start, minutes, rest, lately };
}

function minuteAt(second: number): number {
  return Math.floor(second / 60);
}
