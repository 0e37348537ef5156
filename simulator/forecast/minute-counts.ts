import type { Arrived, MinuteOfArrivals } from '@spillway/core/forecast/forecaster.ts';
import type { OperationName } from '@spillway/core/operations.ts';
import { drawJobs } from '../jobs.ts';
import type { Scenario } from '../scenario.ts';

/** What a forecaster has to know of an arrival. */
export interface Arrival {
  operation: OperationName;
  workMs: number;
  /** Since the beginning of the minute 0. */
  second: number;
}

/** Counts arrivals by operation and whole minute. */
export class MinuteCounts {
  readonly #minutes = new Map<number, Partial<Record<OperationName, Arrived>>>();

  add({ operation, workMs, second }: Arrival): void {
    const minute = Math.floor(second / 60);
    const byOperation = this.#minutes.get(minute) ?? {};
    const { count = 0, workMs: before = 0 } = byOperation[operation] ?? {};
    byOperation[operation] = { count: count + 1, workMs: before + workMs };
    this.#minutes.set(minute, byOperation);
  }

  /** What arrived within that minute. It is forgotten. */
  take(minute: number): MinuteOfArrivals {
    const byOperation = this.#minutes.get(minute) ?? {};
    this.#minutes.delete(minute);
    return { minute, byOperation };
  }
}

/** Jobs that are drawn at a time, so that millions need no memory. */
const atATime = 10_000;
/** Seeds of what is only counted, so that it is not drawn with the same numbers as what is played. */
const countedSeeds = 1_000_000;

/** Draws what is only counted: its operations, and the work that VMs have with it. */
export function* drawnArrivals(
  seconds: readonly number[],
  scenario: Scenario,
  seed: number,
): Generator<Arrival> {
  for (let from = 0; from < seconds.length; from += atATime) {
    const jobs = drawJobs(seconds.slice(from, from + atATime), scenario, countedSeeds * (seed + from));
    for (const { operation, vmMs, arrivedAt } of jobs) {
      yield { operation, workMs: vmMs, second: arrivedAt / 1_000 };
    }
  }
}
