import type { ArrivalForecast } from '@spillway/core/forecast/forecaster.ts';
import { decidePrewarming, type PrewarmingQuestion } from '@spillway/core/forecast/prewarming.ts';
import { forecastHorizon, forecastSlots } from '@spillway/core/forecast/wanted.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import { type RouterState, slotsOf } from '@spillway/core/routing/state.ts';
import { begin, waitFor } from '@spillway/core/steps.ts';
import type { FleetReading } from '@spillway/pipeline/ports/fleet.ts';
import { forecasters, type RunningForecaster } from '../forecast/forecasters.ts';
import { type Arrival, MinuteCounts } from '../forecast/minute-counts.ts';
import { drawDelay } from '../jobs.ts';
import { type Random, randomStream } from '../random.ts';
import type { CloudRun } from './cloud-run.ts';
import type { Past } from './past.ts';
import type { World } from './world.ts';

const minuteMs = 60_000;
/** A minute is counted this long after its end, as the sweep's leader does it. Milliseconds. */
const settleMs = 5_000;

/** What the sweep's leader does once a minute: it counts, forecasts, and sets Cloud Run's minimum instances. */
export class LookAhead {
  readonly #world: World;
  readonly #cloudRun: CloudRun;
  readonly #random: Random;
  readonly #forecaster: RunningForecaster | null;
  readonly #counts = new MinuteCounts();
  /** From the beginning of the minute 0 to the run's. */
  readonly #offsetMs: number;
  #forecast: ArrivalForecast | null = null;
  #before: PrewarmingQuestion['before'] = { wanted: [], set: null, changedAt: null };
  /** The minimum that Cloud Run has. */
  minInstances = 0;

  constructor(world: World, past: Past, cloudRun: CloudRun) {
    const { policy, seed } = world;
    this.#world = world;
    this.#cloudRun = cloudRun;
    this.#random = randomStream(seed, 'prewarming');
    this.#offsetMs = past.seconds * 1_000;
    this.#forecaster = policy.forecaster === null ? null : forecasters[policy.forecaster]();
    for (const minute of past.minutes) this.#forecaster?.observe(minute);
    for (const arrival of past.rest) this.#counts.add(arrival);
    this.#forecast = this.#forecaster?.predict(this.#minuteAt(0) - 1) ?? null;
  }

  /** Looks now, and then after each whole minute. To be called when the first VMs are there. */
  start(): void {
    const { engine } = this.#world;
    this.#look(this.#minuteAt(0) - 1);
    const lookOn = () => {
      const minute = this.#minuteAt(engine.ms - settleMs) - 1;
      this.#forecaster?.observe(this.#counts.take(minute));
      this.#look(minute);
      engine.after(minuteMs, lookOn);
    };
    engine.at((this.#minuteAt(settleMs) + 1) * minuteMs - this.#offsetMs + settleMs, lookOn);
  }

  /** A job's document was created. */
  count(arrival: Omit<Arrival, 'second'>): void {
    const second = (this.#offsetMs + this.#world.engine.ms) / 1_000;
    if (this.#forecaster) this.#counts.add({ ...arrival, second });
  }

  /** Slots of VMs that arrivals will keep busy; null where the pool does not follow a forecast. */
  arrivingSlots(): number | null {
    if (!this.#world.policy.settings.forecast.vmPool || this.#forecast === null) return null;
    return forecastSlots(this.#forecast, forecastHorizon.vms).expected;
  }

  #look(minute: number): void {
    const { engine, ports, policy } = this.#world;
    const { settings } = policy;
    const { workers } = begin(waitFor(ports.fleet.read())) as FleetReading;
    const { breaker } = begin(waitFor(ports.routerStates.read())) as RouterState;
    this.#forecast = this.#forecaster?.predict(minute) ?? null;
    const vmSlots = slotsOf(liveVms(workers, settings));
    const before = this.#before;
    const forecast = this.#forecast;
    const decision = decidePrewarming({
      now: engine.now(),
      minute,
      settings,
      forecast,
      vmSlots,
      breaker,
      before,
    });
    if (decision.kind !== 'keep') return;
    const { count, lately } = decision;
    const isChange = count !== before.set;
    this.#before = { wanted: lately, set: count, changedAt: isChange ? engine.now() : before.changedAt };
    if (isChange)
      engine.after(drawDelay(this.#world.scenario.run.keep, this.#random), () => this.#keep(count));
  }

  #keep(count: number): void {
    const { coldStart } = this.#world.scenario.run;
    this.minInstances = count;
    this.#cloudRun.keep(count, () => drawDelay(coldStart, this.#random));
  }

  #minuteAt(ms: number): number {
    return Math.floor((this.#offsetMs + ms) / minuteMs);
  }
}
